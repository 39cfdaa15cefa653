//! Files to a tar archive in gzip.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};

/// Packs files as the operator does: plain files only, mode 0640, no directories, all of one time.
pub(crate) fn pack(files: &BTreeMap<String, Vec<u8>>, modified: DateTime<Utc>) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let packed = files.iter().try_for_each(|(path, content)| append(&mut builder, path, content, modified));
    let packed = packed.and_then(|()| builder.into_inner()).and_then(GzEncoder::finish);
    packed.expect("writing to memory can't fail, and every path is relative")
}

fn append(
    builder: &mut tar::Builder<impl Write>,
    path: &str,
    content: &[u8],
    modified: DateTime<Utc>,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o640);
    header.set_mtime(u64::try_from(modified.timestamp()).unwrap_or(0));
    builder.append_data(&mut header, path, content)
}
