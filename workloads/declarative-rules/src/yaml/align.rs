//! Where a character of a scalar is in the file, which may write it in quotes, folded or indented.

/// The byte of `written`, a scalar as the file has it, that stands for the byte of `meant`, the text that it means.
///
/// Both are walked together. Characters that only the file has, such as quotes, backslashes and indentation, are passed over;
/// white space may be written in any way.
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
    fn what_is_written_plainly_is_where_it_is() {
        assert_eq!(offset_in_source("a + b", "a + b", 4), 4);
        assert_eq!(offset_in_source("é + b", "é + b", 5), 5);
    }

    #[test]
    fn quotes_and_escapes_are_passed_over() {
        assert_eq!(offset_in_source(r#""a == \"x\" + y""#, r#"a == "x" + y"#, 11), 14);
        assert_eq!(offset_in_source("'a == ''x'' + y'", "a == 'x' + y", 11), 14);
    }

    #[test]
    fn lines_of_a_block_are_found_behind_their_indentation() {
        assert_eq!(offset_in_source("a &&\n    b &&\n    c\n", "a && b && c", 10), 18);
        assert_eq!(offset_in_source("a &&\n    b\n", "a &&\nb\n", 5), 9);
    }

    #[test]
    fn the_end_is_behind_the_last_character() {
        assert_eq!(offset_in_source("a +\n", "a +\n", 3), 3);
        assert_eq!(offset_in_source("", "", 0), 0);
        assert_eq!(offset_in_source("ab", "xyz", 2), 2);
    }
}
