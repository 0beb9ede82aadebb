/*
 * Made by js/node/vendor.sh; do not edit. From:
 *   unenv@2.0.0-rc.24
 * Licences: LICENSES.txt
 */
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __esm = (fn, res) => function __init() {
  return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
};
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var Tracing;
var init_tracing = __esm({
  "node_modules/unenv/dist/runtime/node/internal/trace_events/tracing.mjs"() {
    Tracing = class {
      categories = "";
      enabled = false;
      disable() {
        this.enabled = false;
      }
      enable() {
        this.enabled = true;
      }
    };
  }
});
var trace_events_exports = {};
__export(trace_events_exports, {
  createTracing: () => createTracing,
  default: () => trace_events_default,
  getEnabledCategories: () => getEnabledCategories
});
var createTracing, getEnabledCategories, trace_events_default;
var init_trace_events = __esm({
  "node_modules/unenv/dist/runtime/node/trace_events.mjs"() {
    init_tracing();
    createTracing = function() {
      return new Tracing();
    };
    getEnabledCategories = () => "";
    trace_events_default = {
      createTracing,
      getEnabledCategories
    };
  }
});
module.exports = (init_trace_events(), __toCommonJS(trace_events_exports)).default;
