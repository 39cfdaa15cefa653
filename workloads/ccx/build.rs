//! Sets the variables `CCX_BUILD_TIME`, `CCX_BUILD_BRANCH` and `CCX_BUILD_COMMIT` of the compilation, from the environment or
//! from git. Without either they are not set. Packs the addresses in the program where the C library can read them.

use std::process::Command;

fn main() {
    let commit_time = ["show", "--no-patch", "--format=%cd", "--date=format-local:%a %b %e %H:%M:%S UTC %Y"];
    for (variable, arguments) in [
        ("CCX_BUILD_TIME", commit_time.as_slice()),
        ("CCX_BUILD_BRANCH", &["rev-parse", "--abbrev-ref", "HEAD"]),
        ("CCX_BUILD_COMMIT", &["rev-parse", "HEAD"]),
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
        if let Some(value) = std::env::var(variable).ok().or_else(|| git(arguments)) {
            println!("cargo::rustc-env={variable}={value}");
        }
    }
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    if reads_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    println!("cargo::rerun-if-changed=build.rs");
}

/// Returns whether the C library of this machine reads packed relative relocations, as glibc does since 2.36: they make the program
/// and the memory of each process 2 MB smaller.
fn reads_packed_relocations() -> bool {
    let is_native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    let Ok(output) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.trim().strip_prefix("glibc ").and_then(|version| version.split_once('.'));
    let version = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    is_native && version.is_some_and(|version: (u32, u32)| version >= (2, 36))
}

/// Returns the output of git; `None` if it fails, for example outside of a checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).env("TZ", "UTC").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
