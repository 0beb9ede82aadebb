/*
 * An arrow function has no prototype: it is an object with handlers, which are given the room.
 */
const arrow: any = () => {
  throw new Error("nobody calls the function itself");
};

arrow.onRequest = function onRequest(this: unknown, request: Request, room: any) {
  return Response.json({ room: room.id, method: request.method, itself: this === arrow });
};

export default arrow;
