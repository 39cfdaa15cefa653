//! Loading and running any text ends within the limits and does not panic.

use std::time::{Duration, Instant};

use ccx_declarative_rules::load_file;
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../examples/pool-degraded.yaml");

/// Generates copies of the example with some characters replaced, removed or inserted.
fn damaged() -> impl Strategy<Value = String> {
    let damage = (any::<prop::sample::Index>(), 0..6usize, "[-a-z0-9:{}\\[\\]()'\"|>&*!%#,.? \n\té]{0,4}");
    prop::collection::vec(damage, 1..6).prop_map(|damages| {
        let mut characters: Vec<char> = EXAMPLE.chars().collect();
        for (at, removed, inserted) in damages {
            let start = at.index(characters.len());
            let end = (start + removed).min(characters.len());
            characters.splice(start..end, inserted.chars());
        }
        characters.into_iter().collect()
    })
}

fn load_and_run(text: &str) {
    let started = Instant::now();
    let loaded = load_file("any.yaml", text);
    for rule in &loaded.rules {
        rule.run_tests();
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn arbitrary_text_gives_rules_or_problems(text in "([-a-zA-Z:{}\\[\\]'\"|>&*!%#,.? \n\té]|when|facts|inputs|apiVersion: ccx.rules/v1\n){0,60}") {
        load_and_run(&text);
    }

    #[test]
    fn damaged_rule_is_a_rule_or_problems(text in damaged()) {
        load_and_run(&text);
    }

    #[test]
    fn any_expression_ends_within_its_limits(expression in expression()) {
        let quoted = serde_json::to_string(&expression).unwrap_or_default();
        load_and_run(&format!(
            "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: KEY\ninputs: {{docs: {{glob: config/x/*.json}}}}\nwhen: 'true'\ndetails: {{x: {quoted}}}\n\
             tests:\n  - {{name: a, files: {{config/x/a.json: {{a: [1, 2, 3, 4, 5, 6, 7, 8, 9], b: text, c: {{d: [[1], [2]]}}}}}}, expect: hit}}\n"
        ));
    }
}

/// Generates expressions that nest loops, grow texts and share values as much as possible.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "docs",
        "docs[0].a",
        "docs[0].b",
        "docs[0].c.d",
        "[1, 2, 3]",
        "x",
        "x + x",
        "\"text\"",
        "7",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 60, 4, |inner| {
        let forms = vec![
            "(@).map(x, @)",
            "(@).filter(x, x == @)",
            "(@).exists(x, @ == x)",
            "[@, @, @, @, @, @, @, @]",
            "(@) + (@)",
            "(@).map(x, [x, x, x, x, x, x, x, x, x, x])",
            "(@).map(x, x + x + x + x + x + x + x + x)",
            "(@).flatten().distinct()",
            "(@).join(@)",
            "(@).split(\"\")",
            "(@).replace(\"\", @)",
            "{\"a\": @, \"b\": @}",
            "(@) == (@)",
            "(@) in (@)",
            "(@).sort()",
            "size(@) > 3 ? (@) : (@)",
            "string(@)",
            "(@).all(x, @ == @)",
        ];
        (prop::sample::select(forms), prop::collection::vec(inner, 4)).prop_map(|(form, parts)| {
            let mut parts = parts.into_iter().cycle();
            form.split('@').enumerate().fold(String::new(), |text, (position, piece)| {
                let part = if position == 0 { String::new() } else { parts.next().unwrap_or_default() };
                text + &part + piece
            })
        })
    })
}
