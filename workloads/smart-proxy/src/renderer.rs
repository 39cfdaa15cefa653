//! Renders the texts of hits, from texts and reports that a client sends.

use ccx_content::Template;
use serde_json::Value;

use crate::endpoints::RenderedHit;

/// Renders the texts of every hit of a report that has texts.
pub(crate) fn render_report(content: &[Value], report: &Value) -> Vec<RenderedHit> {
    let hits = report["reports"].as_array().map(Vec::as_slice).unwrap_or_default();
    hits.iter().filter_map(|hit| render_hit(content, hit)).collect()
}

fn render_hit(content: &[Value], hit: &Value) -> Option<RenderedHit> {
    let component = hit["component"].as_str()?;
    let module = component.rsplit_once('.').map_or(component, |(module, _)| module);
    let error_key = hit["key"].as_str()?;
    let rule = content.iter().find(|rule| rule["plugin"]["python_module"] == module)?;
    let texts = rule["error_keys"].get(error_key)?;
    let text = |name: &str| {
        let of_key = texts[name].as_str().filter(|text| !text.is_empty());
        render(of_key.or_else(|| rule[name].as_str()).unwrap_or_default(), &hit["details"])
    };
    Some(RenderedHit {
        rule_id: module.to_owned(),
        error_key: error_key.to_owned(),
        resolution: text("resolution"),
        reason: text("reason"),
        description: render(texts["metadata"]["description"].as_str().unwrap_or_default(), &hit["details"]),
    })
}

/// Renders a template; returns it as it is when it is none, or does not fit the data.
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
        assert_eq!(render_report(&content, &report), [expected]);
        assert_eq!(render_report(&content, &json!([])), []);
    }

    #[test]
    fn template_that_does_not_fit_is_shown_as_it_is() {
        assert_eq!(render("{{=pydata.a.b}}", &json!({})), "{{=pydata.a.b}}");
        assert_eq!(render("{{?}", &json!({})), "{{?}");
    }
}
