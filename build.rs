//! Sets up the linker for a Node.js addon, where the binding is built.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
