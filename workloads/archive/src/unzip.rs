//! Zip: the contents of all members, one after the other in one buffer.

use std::io::{self, Cursor, Read};

use bytes::Bytes;
use snafu::{ResultExt, ensure};
use zip::{ZipArchive, read::ZipFile};

use crate::{
    ArchiveError, Limits,
    error::{TooManyEntriesSnafu, UnpackedTooBigSnafu, ZipDirectorySnafu, ZipEntrySnafu, shown_path},
    index::{Index, IndexBuilder, MemberKind},
};

/// Unpacks a zip archive: the contents and where each of them is.
pub(crate) fn unzip(compressed: &[u8], limits: &Limits) -> Result<(Bytes, Index), ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(compressed)).context(ZipDirectorySnafu)?;
    let limit = limits.entries;
    ensure!(archive.len() <= limit, TooManyEntriesSnafu { limit });

    let mut builder = IndexBuilder::new(limits);
    let mut contents = Vec::new();
    for position in 0..archive.len() {
        builder.count_member()?;
        let name = archive
            .name_for_index(position)
            .and_then(Result::ok)
            .map_or_else(String::new, |name| shown_path(name.as_bytes()));
        let member = archive.by_index(position).map_err(io::Error::from);
        let mut member = member.context(ZipEntrySnafu { entry: name })?;
        match kind(&member) {
            MemberKind::File => {
                let start = contents.len();
                append_content(&mut member, &mut contents, limits)?;
                builder.add_file(member.name_raw(), start..contents.len(), modified(&member))?;
            }
            MemberKind::Directory => {}
            MemberKind::Link => builder.skip_link(),
            MemberKind::Special => builder.skip_special_file(),
        }
    }
    Ok((contents.into(), builder.finish()?))
}

/// What a member is, by its Unix mode where the writer gave one.
fn kind<R: Read>(member: &ZipFile<'_, R>) -> MemberKind {
    const TYPE_MASK: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    const SYMBOLIC_LINK: u32 = 0o120_000;

    match member.unix_mode().map_or(0, |mode| mode & TYPE_MASK) {
        _ if member.is_dir() => MemberKind::Directory,
        0 | REGULAR => MemberKind::File,
        SYMBOLIC_LINK => MemberKind::Link,
        _ => MemberKind::Special,
    }
}

fn append_content<R: Read>(
    member: &mut ZipFile<'_, R>,
    contents: &mut Vec<u8>,
    limits: &Limits,
) -> Result<(), ArchiveError> {
    let limit = limits.unpacked_bytes;
    let left = limit - contents.len() as u64;
    let result = member.by_ref().take(left.saturating_add(1)).read_to_end(contents);
    result.with_context(|_| ZipEntrySnafu { entry: shown_path(member.name_raw()) })?;
    ensure!(contents.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
    Ok(())
}

/// In seconds since 1970-01-01; zip has no time zone, so the time is taken as UTC.
fn modified<R: Read>(member: &ZipFile<'_, R>) -> u64 {
    let time = member.last_modified().and_then(|time| {
        let date =
            chrono::NaiveDate::from_ymd_opt(time.year().into(), time.month().into(), time.day().into())?;
        date.and_hms_opt(time.hour().into(), time.minute().into(), time.second().into())
    });
    time.and_then(|time| u64::try_from(time.and_utc().timestamp()).ok()).unwrap_or(0)
}
