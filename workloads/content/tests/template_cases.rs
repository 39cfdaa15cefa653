//! Templates and the texts that doT renders from them.
//!
//! `data/template_cases.json` has two sets of details, and for each template the texts that doT (npm package
//! `dot` 1.1.3, variable `pydata`, nothing stripped) renders with them; null where it fails.
//! `dot_differential.rs` compares generated templates where node is installed.

use ccx_content::Template;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Cases {
    details: [Value; 2],
    cases: Vec<(String, Option<String>, Option<String>)>,
}

fn render(template: &str, details: &Value) -> Result<String, String> {
    let template = Template::compile(template).map_err(|error| error.to_string())?;
    template.render(details).map_err(|error| error.to_string())
}

#[test]
fn every_template_renders_as_in_dot() {
    let Cases { details, cases } = serde_json::from_str(include_str!("data/template_cases.json")).unwrap();
    let mut differences = Vec::new();
    for (template, rich, poor) in &cases {
        for (details, expected) in details.iter().zip([rich, poor]) {
            let actual = render(template, details);
            if actual.as_ref().ok() != expected.as_ref() {
                differences.push(format!("{template:?}: expected {expected:?}, got {actual:?}"));
            }
        }
    }
    assert_eq!(differences, Vec::<String>::new());
}
