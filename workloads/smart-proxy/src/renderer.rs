//! Renders the texts of hits, from texts and reports that a client sends.

use ccx_config::Escaping;
use ccx_content::{Template, escape_markdown};
use serde_json::Value;

use crate::endpoints::RenderedHit;

/// Renders the texts of every hit of a report that has texts.
pub(crate) fn render_report(content: &[Value], report: &Value, escaping: Escaping) -> Vec<RenderedHit> {
    let hits = report["reports"].as_array().map(Vec::as_slice).unwrap_or_default();
    hits.iter().filter_map(|hit| render_hit(content, hit, escaping)).collect()
}

fn render_hit(content: &[Value], hit: &Value, escaping: Escaping) -> Option<RenderedHit> {
    let component = hit["component"].as_str()?;
    let module = component.rsplit_once('.').map_or(component, |(module, _)| module);
    let error_key = hit["key"].as_str()?;
    let rule = content.iter().find(|rule| rule["plugin"]["python_module"] == module)?;
    let texts = rule["error_keys"].get(error_key)?;
    let details = match escaping {
        Escaping::None => hit["details"].clone(),
        Escaping::Markdown => escape_markdown(&hit["details"]),
    };
    let text = |name: &str| {
        let of_key = texts[name].as_str().filter(|text| !text.is_empty());
        render(of_key.or_else(|| rule[name].as_str()).unwrap_or_default(), &details)
    };
    Some(RenderedHit {
        rule_id: module.to_owned(),
        error_key: error_key.to_owned(),
        resolution: text("resolution"),
        reason: text("reason"),
        description: render(texts["metadata"]["description"].as_str().unwrap_or_default(), &details),
    })
}

/// Renders a template; returns the text unchanged when it is not a template, or does not fit the data.
fn render(source: &str, data: &Value) -> String {
    let rendered = Template::compile(source).ok().and_then(|template| template.render(data).ok());
    rendered.unwrap_or_else(|| source.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hit_is_rendered_with_the_texts_of_its_key_else_of_its_rule() {
        let content = [json!({
            "plugin": {"python_module": "a.b"}, "resolution": "Fix {{=pydata.n}}", "reason": "unused",
            "error_keys": {"KEY": {"metadata": {"description": "D{{?pydata.n > 1}}s{{?}}"}, "reason": "R {{=pydata.n}}",
                "resolution": ""}}
        })];
        let report = json!({"reports": [
            {"component": "a.b.report", "key": "KEY", "details": {"n": 2}},
            {"component": "a.b.report", "key": "OTHER", "details": {}},
            {"component": "unknown.report", "key": "KEY", "details": {}},
            {"key": 1}
        ]});
        let expected = RenderedHit {
            rule_id: "a.b".into(),
            error_key: "KEY".into(),
            resolution: "Fix 2".into(),
            reason: "R 2".into(),
            description: "Ds".into(),
        };
        assert_eq!(render_report(&content, &report, Escaping::None), [expected]);
        assert_eq!(render_report(&content, &json!([]), Escaping::None), []);
    }

    #[test]
    fn data_is_escaped_for_markdown_on_request() {
        let content = [json!({
            "plugin": {"python_module": "a.b"},
            "error_keys": {"KEY": {"metadata": {"description": "{{=pydata.n}}"}, "reason": "*{{=pydata.n}}*"}}
        })];
        let report = json!({"reports": [{"component": "a.b.report", "key": "KEY", "details": {"n": "_a*"}}]});
        let reason = |escaping| render_report(&content, &report, escaping)[0].reason.clone();
        assert_eq!(reason(Escaping::None), "*_a**");
        assert_eq!(reason(Escaping::Markdown), "*\\_a\\**");
    }

    #[test]
    fn template_that_does_not_fit_is_shown_as_it_is() {
        assert_eq!(render("{{=pydata.a.b}}", &json!({})), "{{=pydata.a.b}}");
        assert_eq!(render("{{?}", &json!({})), "{{?}");
    }
}
