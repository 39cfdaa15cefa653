//! The list of recommendations over all clusters.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};

use super::{Tile, category_filter, chosen_risks, is_in_chosen_category, respond, risk_filter, tiles};
use crate::{
    error_page::ErrorPage,
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    list::{Choice, Column, Filter, Order, Paging, Toolbar, matches},
    model::{Recommendation, RiskCounts},
    page::Page,
    query::Query,
    texts::Texts,
    visit::Visit,
};

/// The parameter of the filter by the number of clusters, as in the Advisor.
const IMPACTING: &str = "impacting";

/// The parameter of the filter by status, as in the Advisor.
const STATUS: &str = "rule_status";

const COLUMNS: [&str; 5] = ["description", "total_risk", "resolution_risk", "publish_date", "clusters"];

#[derive(Template)]
#[template(path = "recommendations.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    summary: String,
    is_empty: bool,
    is_filtered: bool,
    tiles: Vec<Tile>,
    toolbar: Toolbar,
    columns: Vec<Column>,
    rows: &'a [Recommendation],
    paging: Paging,
}

/// Shows the recommendations.
pub(crate) async fn list(State(page): State<Page>, visit: Visit) -> Result<Response, ErrorPage> {
    let all = page.source.recommendations(&visit.caller).await;
    let all = all.map_err(|error| visit.error((&error).into()))?;
    let (query, texts, path) = (&visit.query, visit.texts, Section::Recommendations.href());
    let is_empty = all.is_empty();
    let affecting = || all.iter().filter(|shown| shown.clusters > 0 && !shown.is_disabled);
    let counts: RiskCounts = affecting().map(|shown| shown.risk).collect();
    let summary = format!(
        "{} · {} {}",
        texts.recommendation_count.format(all.len() as u64),
        counts.total(),
        texts.affecting_your_clusters
    );
    let filters = vec![
        risk_filter("total_risk", texts.total_risk, query, texts),
        category_filter(query, texts),
        impacting_filter(query, texts),
        status_filter(query, texts),
    ];
    let toolbar = Toolbar::new(&path, query, texts, texts.filter_by_description, filters);
    let mut shown = filtered(all, query);
    let order = Order::parse(query, &COLUMNS, "-total_risk");
    sort(&mut shown, &order);
    let paging = Paging::new(&path, query, shown.len());
    let view = View {
        frame: &visit.frame(Section::Recommendations),
        now: visit.now,
        summary,
        is_empty,
        is_filtered: !toolbar.chips.is_empty(),
        tiles: tiles(&counts, &path, "total_risk"),
        toolbar,
        columns: columns(&order, query, &path, texts),
        rows: paging.select(&shown),
        paging,
    };
    Ok(respond(StatusCode::OK, &view))
}

/// Without a filter, the list has the enabled recommendations that affect a cluster, as in the Advisor.
fn filtered(mut all: Vec<Recommendation>, query: &Query) -> Vec<Recommendation> {
    let risks = chosen_risks(query, "total_risk");
    let search = query.value("text").unwrap_or_default();
    let impacting = impacting(query);
    let status = status(query);
    all.retain(|shown| {
        risks.contains(&shown.risk)
            && is_in_chosen_category(query, &shown.tags)
            && impacting.contains(if shown.clusters > 0 { &"true" } else { &"false" })
            && (status == "all" || (status == "disabled") == shown.is_disabled)
            && matches(search, &[&shown.description, &shown.rule.to_string()])
    });
    all
}

fn impacting(query: &Query) -> Vec<&str> {
    let chosen: Vec<&str> =
        query.values(IMPACTING).into_iter().filter(|value| ["true", "false"].contains(value)).collect();
    match (chosen.is_empty(), status(query)) {
        // A recommendation that is disabled everywhere affects no cluster.
        (true, "disabled") => vec!["true", "false"],
        (true, _) => vec!["true"],
        (false, _) => chosen,
    }
}

fn status(query: &Query) -> &str {
    query.value(STATUS).filter(|status| ["all", "disabled"].contains(status)).unwrap_or("enabled")
}

fn impacting_filter(query: &Query, texts: &Texts) -> Filter {
    let chosen = impacting(query);
    let choice = |value: &'static str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: chosen.contains(&value),
    };
    let choices = vec![choice("true", texts.affecting_some), choice("false", texts.affecting_none)];
    Filter { name: IMPACTING, label: texts.affecting, choices, is_single: false }
}

fn status_filter(query: &Query, texts: &Texts) -> Filter {
    let chosen = status(query);
    let choice = |value: &'static str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: chosen == value,
    };
    let choices =
        vec![choice("enabled", texts.enabled), choice("disabled", texts.disabled), choice("all", texts.all)];
    Filter { name: STATUS, label: texts.status, choices, is_single: true }
}

fn columns(order: &Order<'_>, query: &Query, path: &str, texts: &Texts) -> Vec<Column> {
    let column = |label, first| Column::sortable(label, first, order, query, path);
    vec![
        column(texts.recommendation, "description"),
        Column::fixed(texts.category),
        column(texts.total_risk, "-total_risk"),
        column(texts.risk_of_change, "resolution_risk"),
        column(texts.modified, "-publish_date"),
        column(texts.affected_clusters, "-clusters").with_class("ccx-number"),
    ]
}

fn sort(shown: &mut [Recommendation], order: &Order<'_>) {
    shown.sort_by(|a, b| b.clusters.cmp(&a.clusters).then_with(|| a.description.cmp(&b.description)));
    match order.column {
        "description" => {
            order.sort(shown, |a, b| a.description.to_lowercase().cmp(&b.description.to_lowercase()));
        }
        "total_risk" => order.sort(shown, |a, b| a.risk.cmp(&b.risk)),
        "resolution_risk" => order.sort(shown, |a, b| a.resolution_risk.cmp(&b.resolution_risk)),
        "publish_date" => order.sort(shown, |a, b| a.published_at.cmp(&b.published_at)),
        _ => order.sort(shown, |a, b| a.clusters.cmp(&b.clusters)),
    }
}
