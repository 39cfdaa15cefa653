//! Small pieces of HTML, and the functions that templates call. A template passes every argument by reference.

use std::fmt;

use askama::{Template, filters::HtmlSafe};
use chrono::{DateTime, Utc};

use crate::{
    icon::Icon,
    model::{Risk, RiskCounts},
    texts::{Texts, with_separators},
    time,
};
pub(crate) use crate::{
    markdown::{render as render_markdown, render_line},
    views::{category_names, in_path, rule_in_path, rule_in_query},
};

/// HTML that is inserted as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(pub(crate) String);

impl fmt::Display for Html {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

impl Html {
    /// Returns whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Renders a template without a reason to fail: writing to a string can't.
    fn from_template(template: &impl Template) -> Self {
        Self(template.render().unwrap_or_default())
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="pf-v6-c-label pf-m-filled {{ color }}{% if compact %} pf-m-compact{% endif %}"><span class="pf-v6-c-label__content"><span class="pf-v6-c-label__icon">{{ icon }}</span><span class="pf-v6-c-label__text">{{ text }}</span></span></span>"#
)]
struct Label<'a> {
    color: &'static str,
    icon: Icon,
    text: &'a str,
    compact: bool,
}

/// Returns the label of a severity: colour, symbol and word.
pub(crate) fn risk_label(risk: &Risk, texts: &Texts) -> Html {
    let (color, icon) = risk_style(*risk);
    Html::from_template(&Label { color, icon, text: risk.name(texts), compact: false })
}

/// Returns a label with a symbol.
pub(crate) fn label(color: &'static str, icon: Icon, text: &str) -> Html {
    Html::from_template(&Label { color, icon, text, compact: true })
}

fn risk_style(risk: Risk) -> (&'static str, Icon) {
    match risk {
        Risk::Critical => ("pf-m-red", Icon::CRITICAL),
        Risk::Important => ("pf-m-orange", Icon::IMPORTANT),
        Risk::Moderate => ("pf-m-yellow", Icon::MODERATE),
        Risk::Low => ("pf-m-blue", Icon::LOW),
    }
}

/// Returns the symbol of a severity.
pub(crate) fn risk_icon(risk: &Risk) -> Icon {
    risk_style(*risk).1
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<ul class="ccx-counts" role="list">{% for (risk, count) in counts %}<li class="ccx-counts__item ccx-m-{{ risk.key() }}"><span class="ccx-counts__icon">{{ self::risk_icon(risk) }}</span> {{ count }}<span class="pf-v6-screen-reader"> {{ risk.name(texts) }}</span></li>{% endfor %}</ul>"#
)]
struct Counts<'a> {
    counts: Vec<(Risk, u32)>,
    texts: &'a Texts,
}

/// Returns the severities with a count above zero, the worst first.
pub(crate) fn risk_counts(counts: &RiskCounts, texts: &Texts) -> Html {
    let counts = Risk::ALL.map(|risk| (risk, counts[risk])).into_iter().filter(|(_, count)| *count > 0);
    Html::from_template(&Counts { counts: counts.collect(), texts })
}

#[derive(Template)]
#[template(ext = "html", source = r#"<time datetime="{{ iso }}" title="{{ absolute }}">{{ shown }}</time>"#)]
struct Time {
    iso: String,
    absolute: String,
    shown: String,
}

/// Returns a time relative to `now`; its tooltip has the date.
pub(crate) fn relative_time(time: &DateTime<Utc>, now: &DateTime<Utc>, texts: &Texts) -> Html {
    let (iso, absolute) = (time::iso(*time), time::absolute(*time));
    Html::from_template(&Time { iso, absolute, shown: time::relative(*time, *now, texts) })
}

/// Returns a time as date and time of day.
pub(crate) fn absolute_time(time: &DateTime<Utc>) -> Html {
    let absolute = time::absolute(*time);
    Html::from_template(&Time { iso: time::iso(*time), shown: absolute.clone(), absolute })
}

/// Returns a time as date and time of day, followed by the time relative to `now`.
pub(crate) fn full_time(time: &DateTime<Utc>, now: &DateTime<Utc>, texts: &Texts) -> Html {
    let absolute = time::absolute(*time);
    let shown = format!("{absolute} ({})", time::relative(*time, *now, texts));
    Html::from_template(&Time { iso: time::iso(*time), absolute, shown })
}

/// Returns a number with separators of thousands.
pub(crate) fn number(number: &usize) -> String {
    with_separators(*number as u64)
}

/// The path below which the actions for a recommendation of a cluster are.
pub(crate) fn hit_path(cluster_path: &str, rule_in_path: &str) -> String {
    format!("{cluster_path}/recommendations/{rule_in_path}")
}

/// Returns the id of the hint beside an element.
pub(crate) fn hint_id(anchor: &str) -> String {
    format!("hint-{anchor}")
}

/// A user's vote, for the buttons that change it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ballot(i8);

impl Ballot {
    /// Returns the buttons' state: 1, 0 or -1.
    pub(crate) fn new(vote: &i8) -> Self {
        Self(*vote)
    }

    pub(crate) fn is_up(self) -> bool {
        self.0 > 0
    }

    pub(crate) fn is_down(self) -> bool {
        self.0 < 0
    }
}
