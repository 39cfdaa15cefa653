//! Embeds what the page loads: the files that `hack/web.sh` has assembled in `dist`, or else our own sources, which are plainer.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets");
    let dist = root.join("dist");
    let is_built = dist.join("inputs.sha256").is_file();
    // A path that does not exist would run this at every build, so the folder is watched only if there is one.
    println!("cargo:rerun-if-changed={}", if is_built { "dist" } else { "." });
    let files = if is_built { built(&dist)? } else { unbuilt(&root) };
    if !is_built {
        println!(
            "cargo:warning=the page has plain styles only, for its assets are not built: run hack/web.sh (needs Node.js and npm)"
        );
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("assets.rs"), source(&files)?)?;
    Ok(())
}

/// A file to embed: the name in its URL, and the paths of its content, plain and compressed.
struct File {
    name: String,
    plain: PathBuf,
    gzip: Option<PathBuf>,
}

fn built(dist: &Path) -> Result<Vec<File>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dist)? {
        let plain = entry?.path();
        let name = plain.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if ["gz", "sha256"].map(Some).contains(&plain.extension().and_then(|end| end.to_str())) {
            continue;
        }
        let gzip = dist.join(format!("{name}.gz"));
        files.push(File { name, plain, gzip: gzip.is_file().then_some(gzip) });
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}

fn unbuilt(root: &Path) -> Vec<File> {
    ["site.css", "site.js"]
        .map(|name| File { name: name.to_owned(), plain: root.join("assets").join(name), gzip: None })
        .into()
}

fn source(files: &[File]) -> Result<String, Box<dyn Error>> {
    let mut text = "pub(crate) const ASSETS: &[Asset] = &[\n".to_owned();
    for File { name, plain, gzip } in files {
        let plain = include(plain)?;
        let gzip = gzip.as_deref().map(include).transpose()?;
        let gzip = gzip.map_or_else(|| "None".to_owned(), |gzip| format!("Some({gzip})"));
        writeln!(text, "Asset {{ name: {name:?}, plain: {plain}, gzip: {gzip} }},")?;
    }
    text.push_str("];\n");
    Ok(text)
}

fn include(path: &Path) -> Result<String, Box<dyn Error>> {
    Ok(format!("include_bytes!({:?})", path.to_str().ok_or("the checkout's path is not UTF-8")?))
}
