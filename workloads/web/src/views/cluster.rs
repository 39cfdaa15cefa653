//! One cluster: its health, its recommendations, and the same as a document that can be sent by mail.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use ccx_messages::{ClusterId, RuleSelector};
use chrono::{DateTime, Utc};

use super::{category_filter, chosen_risks, is_in_chosen_category, respond, risk_filter, rule_in_path};
use crate::{
    assets,
    error_page::{ErrorPage, Kind},
    evidence,
    frame::{Frame, Section, Theme},
    html::{self, Html},
    icon::Icon,
    list::{Choice, Filter, Toolbar, matches},
    markdown,
    model::{Category, ClusterReport, Hit, RiskCounts},
    page::Page,
    query::Query,
    texts::Texts,
    timeline::Timeline,
    visit::Visit,
};

/// The parameter that opens a recommendation.
const FIRST: &str = "first";

/// The parameter that shows disabled recommendations too.
const DISABLED: &str = "disabled";

#[derive(Template)]
#[template(path = "cluster.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    /// The path of the cluster.
    path: String,
    report: &'a ClusterReport,
    health: Vec<HealthGroup>,
    timeline: Option<Timeline>,
    toolbar: Toolbar,
    is_filtered: bool,
    hits: Vec<ShownHit<'a>>,
}

impl View<'_> {
    /// Returns the name to change: none if there is only the id.
    fn name(&self) -> &str {
        if self.report.name == self.report.id.to_string() { "" } else { &self.report.name }
    }
}

/// A group of the health summary.
struct HealthGroup {
    category: Category,
    counts: RiskCounts,
    href: String,
}

/// A recommendation as it is shown.
struct ShownHit<'a> {
    hit: &'a Hit,
    /// The id of its element.
    anchor: String,
    rule_in_path: String,
    headline: Html,
    reason: Html,
    resolution: Html,
    more_info: Html,
    evidence: Vec<evidence::Value>,
    categories: Vec<Category>,
    is_new: bool,
    is_open: bool,
}

/// Shows a cluster.
pub(crate) async fn show(
    State(page): State<Page>,
    Path(cluster): Path<String>,
    visit: Visit,
) -> Result<Response, ErrorPage> {
    let report = report(&page, &visit, &cluster).await?;
    let frame = visit.frame(Section::Clusters);
    Ok(respond(StatusCode::OK, &view(&frame, &visit, &visit.query, &report)))
}

/// Returns a cluster as a document that needs nothing else.
pub(crate) async fn export(
    State(page): State<Page>,
    Path(cluster): Path<String>,
    visit: Visit,
) -> Result<Response, ErrorPage> {
    let report = report(&page, &visit, &cluster).await?;
    let mut frame = visit.frame(Section::Clusters);
    frame.inline_style = Some(assets::inline_style());
    frame.theme = Theme::Light;
    let query = Query::default().with(DISABLED, "true");
    let mut response = respond(StatusCode::OK, &view(&frame, &visit, &query, &report));
    let name =
        format!("attachment; filename=\"advisor-{}-{}.html\"", report.id, visit.now.format("%Y-%m-%d"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

async fn report(page: &Page, visit: &Visit, cluster: &str) -> Result<ClusterReport, ErrorPage> {
    let cluster: ClusterId = cluster.parse().map_err(|_| visit.error(Kind::NotFound))?;
    let report = page.source.cluster(&visit.caller, cluster).await;
    report.map_err(|error| visit.error((&error).into()))
}

fn view<'a>(frame: &'a Frame, visit: &Visit, query: &Query, report: &'a ClusterReport) -> View<'a> {
    let texts = visit.texts;
    let path = format!("{}/{}", Section::Clusters.href(), report.id);
    let filters = vec![
        risk_filter("total_risk", texts.total_risk, query, texts),
        category_filter(query, texts),
        disabled_filter(query, texts),
    ];
    let toolbar =
        Toolbar::new(&path, &query.without(&[FIRST, "done"]), texts, texts.filter_by_description, filters);
    let sorted = sorted(report, query);
    let first: Option<RuleSelector> = query.value(FIRST).and_then(|first| first.parse().ok());
    let is_filtered = !toolbar.chips.is_empty();
    let shown = shown_hits(&sorted, query, first.as_ref());
    let hits = shown.iter().enumerate().map(|(index, hit)| ShownHit {
        is_open: frame.is_export() || (index == 0 && (shown.len() == 1 || first.as_ref() == Some(&hit.rule))),
        ..shown_hit(hit, index, report)
    });
    View {
        frame,
        now: visit.now,
        health: health(report, &path),
        timeline: report
            .last_checked_at
            .and_then(|newest| Timeline::new(&sorted, &report.past, newest, texts)),
        is_filtered,
        hits: hits.collect(),
        toolbar,
        report,
        path,
    }
}

/// Returns the recommendations, the worst first, and of these the newest first.
fn sorted<'a>(report: &'a ClusterReport, query: &Query) -> Vec<&'a Hit> {
    let with_disabled = query.value(DISABLED) == Some("true");
    let mut hits: Vec<&Hit> =
        report.hits.iter().filter(|hit| with_disabled || hit.disabled.is_none()).collect();
    hits.sort_by(|left, right| {
        let key = |hit: &Hit| (hit.disabled.is_none(), hit.risk, hit.impacted_since);
        key(right).cmp(&key(left)).then_with(|| left.rule.cmp(&right.rule))
    });
    hits
}

/// Returns the recommendations that the filters keep. The one that a link names comes first, whatever the filters say.
fn shown_hits<'a>(hits: &[&'a Hit], query: &Query, first: Option<&RuleSelector>) -> Vec<&'a Hit> {
    let risks = chosen_risks(query, "total_risk");
    let search = query.value("text").unwrap_or_default();
    let is_kept = |hit: &Hit| {
        risks.contains(&hit.risk)
            && is_in_chosen_category(query, &hit.tags)
            && matches(search, &[&hit.description, &hit.rule.to_string()])
    };
    let (mut shown, rest): (Vec<&Hit>, Vec<&Hit>) = hits.iter().partition(|hit| first == Some(&hit.rule));
    shown.extend(rest.into_iter().filter(|hit| is_kept(hit)));
    shown
}

fn shown_hit<'a>(hit: &'a Hit, index: usize, report: &ClusterReport) -> ShownHit<'a> {
    ShownHit {
        anchor: format!("hit-{index}"),
        rule_in_path: rule_in_path(&hit.rule),
        headline: markdown::render_line(&hit.description),
        reason: markdown::render(&hit.reason),
        resolution: markdown::render(&hit.resolution),
        more_info: markdown::render(&hit.more_info),
        evidence: evidence::values(&hit.evidence),
        categories: super::categories(&hit.tags),
        is_new: is_new(hit, report),
        is_open: false,
        hit,
    }
}

/// A recommendation is new if the newest report is the first one with it.
fn is_new(hit: &Hit, report: &ClusterReport) -> bool {
    let newest = match (report.gathered_at, report.last_checked_at) {
        (Some(gathered_at), Some(last_checked_at)) => Some(gathered_at.min(last_checked_at)),
        (gathered_at, last_checked_at) => gathered_at.or(last_checked_at),
    };
    hit.impacted_since.zip(newest).is_some_and(|(since, newest)| since >= newest)
}

fn health(report: &ClusterReport, path: &str) -> Vec<HealthGroup> {
    let enabled = || report.hits.iter().filter(|hit| hit.disabled.is_none());
    let group = |category: Category| HealthGroup {
        category,
        counts: enabled().filter(|hit| category.has_any_of(&hit.tags)).map(|hit| hit.risk).collect(),
        href: format!("{path}?category={}", category.number()),
    };
    Category::HEALTH.map(group).into()
}

fn disabled_filter(query: &Query, texts: &Texts) -> Filter {
    let is_chosen = query.value(DISABLED) == Some("true");
    let choice = Choice { value: "true".to_owned(), label: texts.show_disabled.to_owned(), is_chosen };
    Filter { name: DISABLED, label: texts.status, choices: vec![choice], is_single: false }
}
