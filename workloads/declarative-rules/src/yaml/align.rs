//! Positions of characters of scalars that are quoted, folded or indented in the file.

/// Converts a byte offset in `meant`, the text of a scalar, to one in `written`, its source in the file.
///
/// Both are traversed together. Characters that only the file has, such as quotes, backslashes and
/// indentation, are skipped; whitespace is ignored.
pub(super) fn offset_in_source(written: &str, meant: &str, byte_of_meant: usize) -> usize {
    let mut source = written.char_indices().peekable();
    for (position, character) in meant.char_indices() {
        if character.is_whitespace() {
            if position >= byte_of_meant {
                break;
            }
            continue;
        }
        while source.next_if(|&(_, written)| written != character).is_some() {}
        if position >= byte_of_meant {
            break;
        }
        source.next();
    }
    source.peek().map_or(written.trim_end().len(), |&(offset, _)| offset)
}

#[cfg(test)]
mod tests {
    use super::offset_in_source;

    #[test]
    fn offset_in_a_plain_text_is_unchanged() {
        assert_eq!(offset_in_source("a + b", "a + b", 4), 4);
        assert_eq!(offset_in_source("é + b", "é + b", 5), 5);
    }

    #[test]
    fn offset_in_a_quoted_text_skips_quotes_and_escapes() {
        assert_eq!(offset_in_source(r#""a == \"x\" + y""#, r#"a == "x" + y"#, 11), 14);
        assert_eq!(offset_in_source("'a == ''x'' + y'", "a == 'x' + y", 11), 14);
    }

    #[test]
    fn offset_in_a_block_skips_indentation() {
        assert_eq!(offset_in_source("a &&\n    b &&\n    c\n", "a && b && c", 10), 18);
        assert_eq!(offset_in_source("a &&\n    b\n", "a &&\nb\n", 5), 9);
    }

    #[test]
    fn offset_at_the_end_follows_the_last_character() {
        assert_eq!(offset_in_source("a +\n", "a +\n", 3), 3);
        assert_eq!(offset_in_source("", "", 0), 0);
        assert_eq!(offset_in_source("ab", "xyz", 2), 2);
    }
}
