//! The records of a PAX extended header: `"<length> <key>=<value>\n"`, where the length counts the whole record.
//!
//! The `tar` crate has a reader too, but it splits at newlines, and the value of an extended attribute may have some.

/// A key and its value.
pub(crate) type Record<'a> = (&'a [u8], &'a [u8]);

/// Bytes that are not a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedRecord;

/// Returns the records of a header's content. The first malformed one is the last item.
pub(crate) fn records(mut content: &[u8]) -> impl Iterator<Item = Result<Record<'_>, MalformedRecord>> {
    std::iter::from_fn(move || {
        // Some writers pad with NUL bytes.
        if matches!(content, [] | [0, ..]) {
            return None;
        }
        let Some((record, rest)) = split_first(content) else {
            content = &[];
            return Some(Err(MalformedRecord));
        };
        content = rest;
        Some(Ok(record))
    })
}

fn split_first(content: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let space = content.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
    let (record, rest) = content.split_at_checked(length)?;
    let pair = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some(((&pair[..equals], &pair[equals + 1..]), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Vec<Record<'_>>, MalformedRecord> {
        records(content).collect()
    }

    #[test]
    fn records_are_split_by_their_lengths() {
        let read = read(b"14 path=a=b/c\n19 xattr=two\nlines\n").unwrap();
        assert_eq!(read, [(b"path".as_slice(), b"a=b/c".as_slice()), (b"xattr", b"two\nlines")]);
    }

    #[test]
    fn padding_is_not_a_record() {
        assert_eq!(read(b""), Ok(vec![]));
        assert_eq!(read(b"6 a=b\n\0\0"), Ok(vec![(b"a".as_slice(), b"b".as_slice())]));
    }

    #[test]
    fn record_with_wrong_length_is_malformed() {
        for content in [
            "7 a=b\n",
            "5 a=b\n",
            "6 aab\n",
            "0 a=b\n",
            "1 a=b\n",
            "x a=b\n",
            "-1 a=b\n",
            "6a=b\n",
            "99999999999999999999 a=b\n",
        ] {
            assert_eq!(read(content.as_bytes()), Err(MalformedRecord), "{content:?}");
        }
    }
}
