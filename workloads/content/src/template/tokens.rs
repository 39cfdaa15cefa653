//! The tokens of a template: its tags, and the JavaScript in them.

use std::ops::Range;

use super::{
    error::{SyntaxError, SyntaxErrorKind},
    number,
    syntax::Escaping,
    tags::{Part, Tag, is_name_byte},
    text::is_space,
};
use crate::Position;

/// A token with its position.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub position: Position,
    pub kind: TokenKind<'s>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'s> {
    Text(&'s str),
    /// Begins a value to print, which [`TokenKind::TagEnd`] ends.
    Print(Escaping),
    If,
    ElseIf,
    Else,
    EndIf,
    /// Begins a list, which [`TokenKind::As`] ends.
    Each,
    As {
        item: &'s str,
        index: Option<&'s str>,
    },
    EndEach,
    TagEnd,
    Name(&'s str),
    Number(f64),
    String(String),
    Symbol(&'static str),
    End,
}

impl TokenKind<'_> {
    /// Returns the token in the form of an error message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text(_) | Self::TagEnd => "the end of the tag".to_owned(),
            Self::As { .. } => "the name of the items".to_owned(),
            Self::Print(_) | Self::If | Self::Each => "a tag".to_owned(),
            Self::ElseIf | Self::Else => "{{??}}".to_owned(),
            Self::EndIf => "{{?}}".to_owned(),
            Self::EndEach => "{{~}}".to_owned(),
            Self::Name(name) => format!("{name:?}"),
            Self::Number(number) => number::to_text(*number),
            Self::String(text) => format!("the string {text:?}"),
            Self::Symbol(symbol) => format!("{symbol:?}"),
            Self::End => "the end of the template".to_owned(),
        }
    }
}

/// All symbols, longer ones first: some are prefixes of others.
const SYMBOLS: [&str; 36] = [
    "===", "!==", "...", "==", "!=", "<=", ">=", "=>", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "{",
    "}", "(", ")", "[", "]", ".", ",", ";", "?", ":", "<", ">", "+", "-", "*", "/", "%", "!", "=",
];

/// Splits the parts of a template into tokens.
pub(super) fn tokenize<'s>(source: &'s str, parts: &[Part]) -> Result<Vec<Token<'s>>, SyntaxError> {
    let mut lexer = Lexer { source, tokens: Vec::new(), place: Place::START };
    for part in parts {
        lexer.part(part)?;
    }
    lexer.push(source.len(), TokenKind::End);
    Ok(lexer.tokens)
}

/// Returns the line and column of an offset.
pub(super) fn position(source: &str, offset: usize) -> Position {
    let mut place = Place::START;
    place.advance(source, offset)
}

/// A cursor that only moves forward, so that the lines of a template are counted once.
#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    position: Position,
}

impl Place {
    const START: Self = Self { offset: 0, position: Position { line: 1, column: 1 } };

    fn advance(&mut self, source: &str, offset: usize) -> Position {
        for character in source[self.offset..offset].chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        self.offset = offset;
        self.position
    }
}

struct Lexer<'s> {
    source: &'s str,
    tokens: Vec<Token<'s>>,
    place: Place,
}

impl<'s> Lexer<'s> {
    fn push(&mut self, offset: usize, kind: TokenKind<'s>) {
        let position = self.place.advance(self.source, offset);
        self.tokens.push(Token { position, kind });
    }

    fn error(&mut self, offset: usize, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError { position: self.place.advance(self.source, offset), kind }
    }

    fn part(&mut self, Part { range, tag }: &Part) -> Result<(), SyntaxError> {
        let start = range.start;
        match tag {
            Tag::Text => self.push(start, TokenKind::Text(&self.source[range.clone()])),
            Tag::Print { code, escaping } => {
                self.tag(start, TokenKind::Print(*escaping), code, TokenKind::TagEnd)?;
            }
            Tag::If { code } => self.tag(start, TokenKind::If, code, TokenKind::TagEnd)?,
            Tag::ElseIf { code } => self.tag(start, TokenKind::ElseIf, code, TokenKind::TagEnd)?,
            Tag::Else => self.push(start, TokenKind::Else),
            Tag::EndIf => self.push(start, TokenKind::EndIf),
            Tag::Each { code, item, index } => {
                let item = &self.source[item.clone()];
                let index = index.clone().map(|index| &self.source[index]);
                self.tag(start, TokenKind::Each, code, TokenKind::As { item, index })?;
            }
            Tag::EndEach => self.push(start, TokenKind::EndEach),
            Tag::Code { code } => {
                self.code(code.clone())?;
                self.push(code.end, TokenKind::TagEnd);
            }
            Tag::Wrong(kind) => return Err(self.error(start, kind.clone())),
        }
        Ok(())
    }

    fn tag(
        &mut self,
        start: usize,
        opening: TokenKind<'s>,
        code: &Range<usize>,
        closing: TokenKind<'s>,
    ) -> Result<(), SyntaxError> {
        self.push(start, opening);
        self.code(code.clone())?;
        self.push(code.end, closing);
        Ok(())
    }

    fn code(&mut self, mut code: Range<usize>) -> Result<(), SyntaxError> {
        loop {
            let rest = &self.source[code.clone()];
            code.start += rest.len() - rest.trim_start_matches(is_space).len();
            let rest = &self.source[code.clone()];
            let Some(first) = rest.bytes().next() else { return Ok(()) };
            let (kind, length) = match first {
                b'0'..=b'9' => self.number(code.start, rest)?,
                b'.' if rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) => {
                    self.number(code.start, rest)?
                }
                b'"' | b'\'' => self.string(code.start, rest)?,
                _ if is_name_byte(first) => {
                    let length = rest.bytes().take_while(|&byte| is_name_byte(byte)).count();
                    (TokenKind::Name(&rest[..length]), length)
                }
                _ => self.symbol(code.start, rest)?,
            };
            self.push(code.start, kind);
            code.start += length;
        }
    }

    fn number(&mut self, offset: usize, rest: &str) -> Result<(TokenKind<'s>, usize), SyntaxError> {
        let length = number_length(rest.as_bytes());
        let text = &rest[..length];
        let number = number::parse(text);
        if number.is_nan() {
            let found = format!("{text:?}");
            return Err(
                self.error(offset, SyntaxErrorKind::Expected { expected: "a number".to_owned(), found })
            );
        }
        Ok((TokenKind::Number(number), length))
    }

    fn string(&mut self, offset: usize, rest: &str) -> Result<(TokenKind<'s>, usize), SyntaxError> {
        match unquote(rest) {
            Some((text, length)) => Ok((TokenKind::String(text), length)),
            None => Err(self.error(offset, SyntaxErrorKind::UnclosedString)),
        }
    }

    fn symbol(&mut self, offset: usize, rest: &str) -> Result<(TokenKind<'s>, usize), SyntaxError> {
        let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
        let unsupported =
            |what: &str, instead| SyntaxErrorKind::Unsupported { what: what.to_owned(), instead };
        let kind = match symbol {
            // In `a?.5:1` the point belongs to the number.
            Some("?.") if rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit) => {
                return Ok((TokenKind::Symbol("?"), 1));
            }
            Some("?.") => unsupported("?.", "write a && a.b"),
            Some("=>") => unsupported("a function", "write a loop"),
            Some("...") => unsupported("...", "use concat"),
            Some(symbol) => return Ok((TokenKind::Symbol(symbol), symbol.len())),
            None if rest.starts_with('`') => unsupported("a string in backquotes", "join strings with +"),
            None => {
                let found =
                    rest.chars().next().map_or_else(String::new, |character| format!("{character:?}"));
                SyntaxErrorKind::Expected { expected: "JavaScript".to_owned(), found }
            }
        };
        Err(self.error(offset, kind))
    }
}

/// Returns the length of the token that starts like a number, with characters that make it invalid.
fn number_length(text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(&byte) = text.get(length) {
        let is_sign_of_exponent = matches!(byte, b'+' | b'-')
            && matches!(text[length - 1], b'e' | b'E')
            && !text.starts_with(b"0x");
        if !(is_name_byte(byte) || byte == b'.' || is_sign_of_exponent) {
            break;
        }
        length += 1;
    }
    length
}

/// Returns the text of the string at the start of `code`, and its length with the quotes.
fn unquote(code: &str) -> Option<(String, usize)> {
    let mut characters = code.char_indices();
    let (_, quote) = characters.next()?;
    let mut text = String::new();
    while let Some((offset, character)) = characters.next() {
        match character {
            '\\' => match characters.next()?.1 {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'v' => text.push('\u{b}'),
                '0' => text.push('\0'),
                'x' => text.push(code_point(&mut characters, 2)?),
                'u' => text.push(code_point(&mut characters, 4)?),
                other => text.push(other),
            },
            _ if character == quote => return Some((text, offset + 1)),
            // As in doT, line breaks within a tag are blanks.
            '\n' | '\r' | '\t' => text.push(' '),
            _ => text.push(character),
        }
    }
    None
}

fn code_point(characters: &mut std::str::CharIndices<'_>, digits: usize) -> Option<char> {
    let code: String = characters.take(digits).map(|(_, digit)| digit).collect();
    let is_complete = code.len() == digits && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_complete.then(|| u32::from_str_radix(&code, 16).ok())??;
    Some(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tags;

    fn tokens(source: &str) -> Result<Vec<TokenKind<'_>>, String> {
        let parts = tags::split(source);
        let tokens = tokenize(source, &parts).map_err(|error| error.to_string())?;
        Ok(tokens.into_iter().map(|token| token.kind).collect())
    }

    fn code(source: &str) -> Vec<String> {
        let source = format!("{{{{={source}}}}}");
        let tokens = tokens(&source).unwrap();
        tokens[1..tokens.len() - 2].iter().map(TokenKind::describe).collect()
    }

    #[test]
    fn longest_symbol_is_matched() {
        assert_eq!(code("a!==b<=c"), [r#""a""#, r#""!==""#, r#""b""#, r#""<=""#, r#""c""#]);
        assert_eq!(code("a?.5:1"), [r#""a""#, r#""?""#, "0.5", r#"":""#, "1"]);
    }

    #[test]
    fn number_has_the_syntax_of_javascript() {
        assert_eq!(code("1 .5 1e3 0x1F 1.5e-7"), ["1", "0.5", "1000", "31", "1.5e-7"]);
        assert_eq!(tokens("{{=1x}}"), Err(r#"line 1, column 4: expected a number, found "1x""#.into()));
    }

    #[test]
    fn string_has_the_escapes_of_javascript() {
        assert_eq!(code(r#""a\n\x41\u00e9\"" 'b"'"#), [r#"the string "a\nAé\"""#, r#"the string "b\"""#]);
        assert_eq!(tokens("{{='a}}"), Err("line 1, column 4: the string is not closed".into()));
    }

    #[test]
    fn token_has_its_position() {
        let source = "é\n{{=a\n + b}}";
        let parts = tags::split(source);
        let tokens = tokenize(source, &parts).unwrap();
        let places: Vec<_> =
            tokens.iter().map(|token| (token.position.line, token.position.column)).collect();
        assert_eq!(places, [(1, 1), (2, 1), (2, 4), (3, 2), (3, 4), (3, 5), (3, 7)]);
    }

    #[test]
    fn unsupported_token_is_an_error_with_an_alternative() {
        let error = |source| tokens(source).unwrap_err();
        assert_eq!(
            error("{{=a?.b}}"),
            "line 1, column 5: ?. can't be used in templates here: write a && a.b"
        );
        assert!(error("{{=a.map(x => x)}}").contains("write a loop"));
        assert!(error("{{=`a`}}").contains("join strings"));
        assert_eq!(error("{{=a # b}}"), "line 1, column 6: expected JavaScript, found '#'");
    }
}
