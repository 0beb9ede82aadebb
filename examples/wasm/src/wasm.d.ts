/* What an import of a `.wasm` file gives: the compiled module, to be instantiated by whoever imports it. */

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
