/*
 * TypeScript that needs more than its types removed: an enum, a namespace, a decorator, parameter properties.
 */

export enum Colour {
  Red = 1,
  Green,
}

export namespace Inner {
  export const value = "from a namespace";
}

function marked(_target: object, _key: string, descriptor: PropertyDescriptor) {
  const { value } = descriptor;
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return `marked ${value.apply(this, args)}`;
  };
}

export class Point {
  constructor(private readonly x: number) {}

  @marked
  shown() {
    return this.x;
  }
}
