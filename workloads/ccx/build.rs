//! Sets the variables `CCX_BUILD_TIME`, `CCX_BUILD_BRANCH` and `CCX_BUILD_COMMIT` of the compilation, from the environment or
//! from git. Without either they are not set.

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
    println!("cargo::rerun-if-changed=build.rs");
}

/// Returns the output of git; `None` if it fails, for example outside of a checkout.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).env("TZ", "UTC").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
