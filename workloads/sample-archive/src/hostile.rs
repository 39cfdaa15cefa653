//! Archives that attack their reader: small uploads that need much memory or time.
//!
//! Each is named after its trick and built from a few rules of its format, so that it is as bad as that format permits within
//! the default limits of an upload (100 MiB) and of its content (512 MiB).
//!
//! ```
//! use ccx_sample_archive::hostile::HostileArchive;
//!
//! let names: Vec<_> = HostileArchive::ALL.iter().map(|archive| archive.name).collect();
//! assert!(names.contains(&"gzip-members-over-the-limit"));
//! let upload = HostileArchive::ALL[0].to_bytes();
//! assert!(upload.len() < 100 << 20);
//! ```

mod compressed;
mod json;
mod tar;
mod zip;

/// A way to attack a reader of archives.
#[derive(Clone, Copy, Debug)]
pub struct HostileArchive {
    /// The trick.
    pub name: &'static str,
    build: fn() -> Vec<u8>,
}

const fn hostile(name: &'static str, build: fn() -> Vec<u8>) -> HostileArchive {
    HostileArchive { name, build }
}

impl HostileArchive {
    /// Every trick.
    pub const ALL: &[Self] = &[
        hostile("gzip-members-over-the-limit", compressed::gzip_members_over_the_limit),
        hostile("gzip-members-at-the-limit", compressed::gzip_members_at_the_limit),
        hostile("gzip-states-too-much", compressed::gzip_states_too_much),
        hostile("gzip-states-too-little", compressed::gzip_states_too_little),
        hostile("gzip-of-a-whole-upload", compressed::gzip_of_a_whole_upload),
        hostile("gzip-with-a-huge-name", compressed::gzip_with_a_huge_name),
        hostile("gzip-of-empty-members", compressed::gzip_of_empty_members),
        hostile("gzip-of-empty-blocks", compressed::gzip_of_empty_blocks),
        hostile("gzip-of-small-blocks", compressed::gzip_of_small_blocks),
        hostile("bzip2-at-the-limit", compressed::bzip2_at_the_limit),
        hostile("bzip2-over-the-limit", compressed::bzip2_over_the_limit),
        hostile("bzip2-of-empty-streams", compressed::bzip2_of_empty_streams),
        hostile("xz-at-the-limit", compressed::xz_at_the_limit),
        hostile("xz-over-the-limit", compressed::xz_over_the_limit),
        hostile("xz-with-a-huge-dictionary", compressed::xz_with_a_huge_dictionary),
        hostile("xz-of-empty-blocks", compressed::xz_of_empty_blocks),
        hostile("zip-over-the-limit", zip::over_the_limit),
        hostile("zip-of-overlapping-entries", zip::overlapping_entries),
        hostile("zip-with-a-huge-directory", zip::with_a_huge_directory),
        hostile("zip-that-hides-its-directory", zip::that_hides_its_directory),
        hostile("zip-of-empty-blocks", zip::empty_blocks),
        hostile("zip-of-long-names", zip::long_names),
        hostile("tar-of-empty-members", tar::empty_members),
        hostile("tar-of-directories", tar::directories),
        hostile("tar-of-long-names", tar::long_names),
        hostile("tar-of-deep-names", tar::deep_names),
        hostile("tar-with-a-huge-size", tar::with_a_huge_size),
        hostile("tar-with-a-huge-pax-header", tar::with_a_huge_pax_header),
        hostile("tar-of-global-headers", tar::global_headers),
        hostile("tar-with-a-sparse-map-without-end", tar::with_a_sparse_map_without_end),
        hostile("archives-in-archives", tar::nested_archives),
        hostile("json-of-empty-objects", json::empty_objects),
        hostile("json-of-empty-texts", json::empty_texts),
        hostile("json-of-too-many-objects", json::too_many_objects),
        hostile("json-of-nested-lists", json::nested_lists),
    ];

    /// Builds the upload. Takes seconds and hundreds of megabytes for some.
    pub fn to_bytes(&self) -> Vec<u8> {
        (self.build)()
    }
}

const MIB: usize = 1 << 20;

/// The default limit of the content.
const CONTENT_LIMIT: usize = 512 * MIB;

/// The default limit of the upload.
const UPLOAD_LIMIT: usize = 100 * MIB;
