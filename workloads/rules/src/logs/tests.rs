use proptest::prelude::*;
use regex::bytes::Regex;

use super::*;

const A: Input = Input::text("a", &[]);
const B: Input = Input::text("b", &[]);

/// Scans `a.log`, which is of input A, and `b.log`, which is of A and B.
fn scan<'a>(queries: &[LogQuery], a: &'a [u8], b: &'a [u8]) -> (LogPlan, LogMatches<'a>) {
    let both = [File { path: "a.log", content: a }, File { path: "b.log", content: b }];
    let plan = LogPlan::new(queries);
    let matches = plan.scan(|input| if input.name() == "a" { &both } else { &both[1..] }, None);
    (plan, matches)
}

/// Returns the matches of a query, as (path, count, first lines).
fn found(query: &LogQuery, a: &str, b: &str) -> Vec<(String, usize, Vec<String>)> {
    let (plan, matches) = scan(std::slice::from_ref(query), a.as_bytes(), b.as_bytes());
    let of_file =
        |file: &FileMatches<'_>| (file.path.into(), file.count, file.lines().map(Cow::into_owned).collect());
    matches.for_query(query, &plan).unwrap().files.iter().map(of_file).collect()
}

#[test]
fn lines_with_a_literal_are_found_once() {
    let query = LogQuery::new("q", A, &["panic", "fatal"]);
    assert_eq!(
        found(&query, "panic: fatal panic\nfine\nfatal", "\nfine\n"),
        [("a.log".into(), 2, vec!["panic: fatal panic".into(), "fatal".into()])]
    );
}

#[test]
fn query_only_sees_its_own_files() {
    assert_eq!(
        found(&LogQuery::new("q", B, &["panic"]), "panic", "a panic\n"),
        [("b.log".into(), 1, vec!["a panic".into()])]
    );
}

#[test]
fn regular_expression_is_tried_on_lines_with_a_literal_only() {
    let query = LogQuery::new("q", A, &["removed"]).matching(r"\[[^\]]");
    assert_eq!(
        found(&query, "removed []\nremoved [x]\n[x]\n", ""),
        [("a.log".into(), 1, vec!["removed [x]".into()])]
    );
}

#[test]
fn query_that_knows_no_literals_is_tried_on_every_line() {
    let query = LogQuery::dynamic("q".into(), A, vec![], "^[0-9]+$|^$".into());
    assert_eq!(
        found(&query, "12\nx1\n\n3", ""),
        [("a.log".into(), 3, vec!["12".into(), String::new(), "3".into()])]
    );
}

#[test]
fn long_line_is_matched_up_to_its_limit() {
    let query = LogQuery::new("q", A, &["panic"]);
    let at = |start: usize| format!("{}panic\n", "x".repeat(start));
    assert_eq!(found(&query, &at(MAX_LINE_BYTES - 5), "")[0].2[0].len(), MAX_LINE_BYTES);
    assert_eq!(found(&query, &at(MAX_LINE_BYTES - 4), ""), []);
}

#[test]
fn only_the_first_lines_are_kept_and_all_are_counted() {
    let text = "panic\n".repeat(MAX_LINES_PER_FILE + 3);
    let matches = &found(&LogQuery::new("q", A, &["panic"]), &text, "")[0];
    assert_eq!((matches.1, matches.2.len()), (MAX_LINES_PER_FILE + 3, MAX_LINES_PER_FILE));
}

#[test]
fn lines_are_found_across_all_of_a_large_file() {
    let thousand_lines = format!("{}a panic\n", "fine\n".repeat(999));
    let text = thousand_lines.repeat(40);
    let matches = &found(&LogQuery::new("q", A, &["panic"]), &text, "")[0];
    assert!(text.len() > 190_000 && matches.2.iter().all(|line| line == "a panic"));
    assert_eq!(matches.1, 40);
}

#[test]
fn only_the_first_files_are_kept() {
    let paths: Vec<String> = (0..MAX_FILES_PER_QUERY + 2).map(|number| format!("{number:04}.log")).collect();
    let files: Vec<File<'_>> = paths.iter().map(|path| File { path, content: b"panic" }).collect();
    let query = LogQuery::new("q", A, &["panic"]);
    let plan = LogPlan::new(std::slice::from_ref(&query));
    let matches = plan.scan(|_| &files, None);
    let kept: Vec<&str> =
        matches.for_query(&query, &plan).unwrap().files.iter().map(|file| file.path).collect();
    assert_eq!(kept, paths[..MAX_FILES_PER_QUERY]);
}

#[test]
fn undeclared_query_finds_nothing() {
    let (plan, matches) = scan(&[LogQuery::new("q", A, &["panic"])], b"panic", b"");
    assert_eq!(matches.for_query(&LogQuery::new("other", A, &["panic"]), &plan), None);
}

#[test]
fn line_that_is_not_utf8_is_matched_and_replaced() {
    let query = LogQuery::new("q", A, &["panic"]);
    let (plan, matches) = scan(std::slice::from_ref(&query), b"\xff\xfe panic \x80\r\n", b"");
    let lines: Vec<_> = matches.for_query(&query, &plan).unwrap().files[0].lines().collect();
    assert_eq!(lines, ["\u{fffd}\u{fffd} panic \u{fffd}\r"]);
}

/// Returns the number of lines that match a query of the last hour, and whether the gathering time was missing.
fn counted_within_an_hour(log: &str, gathered_at: Option<&str>) -> (usize, bool) {
    let query = LogQuery::new("q", A, &["panic"]).within(TimeDelta::hours(1));
    let plan = LogPlan::new(std::slice::from_ref(&query));
    let files = [File { path: "a.log", content: log.as_bytes() }];
    let matches = plan.scan(|_| &files, gathered_at.map(|time| time.parse().unwrap()));
    let matches = matches.for_query(&query, &plan).unwrap();
    (matches.files.iter().map(|file| file.count).sum(), matches.lacks_gathering_time)
}

#[test]
fn line_older_than_the_window_does_not_count() {
    let block = "2026-01-15T10:59:59Z panic\npanic\n2026-01-15T11:30:00Z fine\npanic\n".to_owned();
    assert_eq!(counted_within_an_hour(&block, Some("2026-01-15T12:00:00Z")), (1, false));
    // Lines beyond the first block of a large file have times, too.
    let large = block.clone() + &"2026-01-15T10:00:00Z fine\n".repeat(10_000) + "panic\n" + &block;
    assert_eq!(counted_within_an_hour(&large, Some("2026-01-15T12:00:00Z")), (2, false));
}

#[test]
fn lines_without_any_time_count() {
    assert_eq!(counted_within_an_hour("panic\npanic", Some("2026-01-15T12:00:00Z")), (2, false));
    assert_eq!(counted_within_an_hour("panic\npanic", None), (2, false));
}

#[test]
fn lines_with_a_time_do_not_count_without_the_gathering_time() {
    assert_eq!(counted_within_an_hour("2026-01-15T11:30:00Z panic\npanic", None), (0, true));
}

/// Matches a query line by line: the definition that the scanner must agree with.
fn naive<'a>(query: &LogQuery, text: &'a [u8]) -> Vec<&'a [u8]> {
    let regex = query.regex().map(|regex| Regex::new(regex).unwrap());
    let contains = |line: &[u8], literal: &str| {
        !literal.is_empty() && line.windows(literal.len()).any(|part| part == literal.as_bytes())
    };
    text.split(|&byte| byte == b'\n')
        .map(|line| &line[..line.len().min(MAX_LINE_BYTES)])
        .filter(|line| query.tries_every_line() || query.literals().any(|literal| contains(line, literal)))
        .filter(|line| regex.as_ref().is_none_or(|regex| regex.is_match(line)))
        .collect()
}

/// Up to eight literals are searched for one by one, more by an automaton: the first queries alone have few,
/// all have many.
const QUERIES: [LogQuery; 8] = [
    LogQuery::new("1", A, &["aa"]),
    LogQuery::new("2", A, &["ab", "ba", ""]),
    LogQuery::new("3", B, &["aab", "b"]).matching("c$"),
    LogQuery::new("4", A, &["abc", "cc", "aaa"]).matching("^a"),
    LogQuery::new("5", B, &["c"]).matching("a.*b"),
    LogQuery::new("6", A, &["bcb", "a"]),
    LogQuery::new("7", B, &["cab"]),
    LogQuery::new("8", A, &[]),
];

proptest! {
    #[test]
    fn shared_pass_agrees_with_looking_at_every_line(
        a in "[abc\\n]{0,60}(x{4090}[abc]{0,12})?[abc\\n]{0,30}",
        b in "[abc\\n]{0,30}(x{4090}[abc]{0,12})?[abc\\n]{0,60}",
        count in 1..=QUERIES.len(),
        every_line: bool,
    ) {
        let mut queries = QUERIES[..count].to_vec();
        queries.extend(every_line.then(|| LogQuery::dynamic("9".into(), A, vec![], "a.?c".into())));
        queries.push(LogQuery::dynamic("10".into(), B, vec!["ca".into()], "ca[bc]".into()));
        let (plan, matches) = scan(&queries, a.as_bytes(), b.as_bytes());
        for query in &queries {
            for (path, text, is_wanted) in [("a.log", &a, query.files.name() == "a"), ("b.log", &b, true)] {
                let expected = if is_wanted { naive(query, text.as_bytes()) } else { Vec::new() };
                let of_file = matches.for_query(query, &plan).unwrap().files.iter().find(|file| file.path == path);
                prop_assert_eq!(of_file.map_or(0, |file| file.count), expected.len(), "{}", query.name);
                let lines = of_file.map_or(&[][..], |file| &file.lines);
                prop_assert_eq!(lines, &expected[..expected.len().min(MAX_LINES_PER_FILE)]);
            }
        }
    }
}
