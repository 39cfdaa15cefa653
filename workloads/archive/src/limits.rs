//! How much an archive may cost.

/// The bounds that an archive is read within.
///
/// The defaults are far above what the in-cluster operator sends (it keeps at most 24 MiB of records, in a few thousand files)
/// and far below what would hurt a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The archive as uploaded, in bytes.
    pub compressed_bytes: u64,
    /// The tar archive, or the contents of the zip members, in bytes.
    pub unpacked_bytes: u64,
    /// Members of the archive: files, directories, links and all else.
    pub entries: usize,
    /// The path of a file, in bytes.
    pub path_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self { compressed_bytes: 100 * MIB, unpacked_bytes: 512 * MIB, entries: 100_000, path_bytes: 4096 }
    }
}

impl Limits {
    /// The unpacked limit as a buffer length.
    pub(crate) fn unpacked_len(&self) -> usize {
        usize::try_from(self.unpacked_bytes).unwrap_or(usize::MAX)
    }
}
