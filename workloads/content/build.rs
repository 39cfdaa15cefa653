//! Generates the list of the files of `tree/`, so that the program embeds them.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("tree");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let entries: String = files.iter().map(|file| entry(&root, file)).collect();
    let list = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("builtin_files.rs");
    fs::write(list, format!("&[\n{entries}]\n"))
}

/// Collects the files below `folder`. Cargo watches the folder too, since a new file changes no other file.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns one entry of the list: the path below the root, and the text.
fn entry(root: &Path, file: &Path) -> String {
    let below_root = file.strip_prefix(root).expect("the file was found below the root");
    format!("({:?}, include_str!({:?})),\n", below_root.display().to_string(), file.display().to_string())
}
