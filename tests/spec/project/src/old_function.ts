/*
 * A class from before there were classes: a function with a prototype.
 */
function OldFunction(this: any, room: any) {
  this.room = room;
  this.count = 0;
}

OldFunction.prototype.onRequest = function onRequest() {
  this.count += 1;
  return Response.json({ room: this.room.id, count: this.count });
};

export default OldFunction;
