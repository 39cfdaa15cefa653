//! Every text results in rules or problems, and every rule can be tested and explained.
#![no_main]

use ccx_declarative_rules::load_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let loaded = load_file("fuzzed.yaml", text);
    // A carriage return alone ends a line of YAML, too.
    let lines = text.split(['\n', '\r']).count() + 1;
    for problem in &loaded.problems {
        assert!(problem.position.is_none_or(|position| (1..=lines).contains(&position.line)), "{problem}");
    }
    for rule in &loaded.rules {
        rule.run_tests();
        rule.explain();
    }
});
