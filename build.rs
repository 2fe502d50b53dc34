//! Tells napi's symbols to the linker, and lets it fold functions that compiled to the same code.

use std::env;
use std::process::Command;

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
    if links_with_lld() {
        // The AWS SDK is generic in each of its operations: a fifth of the addon is the same code again.
        println!("cargo:rustc-link-arg-cdylib=-Wl,--icf=all");
    }
}

/// Whether rustc links with LLD, which can fold: on x86-64 Linux with glibc since Rust 1.90.
fn links_with_lld() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && rustc_minor_version().is_some_and(|minor| minor >= 90)
}

/// The 90 of `rustc 1.90.0 (...)`.
fn rustc_minor_version() -> Option<u32> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}
