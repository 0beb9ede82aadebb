/*
 * `EventSource`: the platform's, with each of its events as an event of the room, which stays in memory while the
 * source is open. Loaded by the first access.
 */

(function () {
  const { core } = __bootstrap;
  const { EventSource: Platform } = core.loadExtScript("ext:deno_fetch/27_eventsource.js");

  function create({ hold, later }) {
    class EventSource extends Platform {
      #release = hold();

      dispatchEvent(event) {
        later(() => {
          super.dispatchEvent(event);
          // It has given up.
          if (event.type === "error" && this.readyState === Platform.CLOSED) this.#release();
        });
        return true;
      }

      close() {
        super.close();
        this.#release();
      }
    }
    return EventSource;
  }

  return { create };
})();
