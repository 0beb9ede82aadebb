/*
 * Types of what the bundler takes and TypeScript does not know: text files, JSX without React.
 */
declare module "*.txt" {
  const text: string;
  export default text;
}

declare namespace JSX {
  interface IntrinsicElements {
    [name: string]: any;
  }
}
