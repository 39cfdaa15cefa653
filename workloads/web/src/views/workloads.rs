//! The list of namespaces with findings in their workloads.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};

use super::{Tile, chosen_risks, respond, risk_filter, tiles};
use crate::{
    error_page::{ErrorPage, Kind},
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    list::{Column, Order, Paging, Toolbar, matches},
    model::{Risk, RiskCounts, WorkloadRow},
    page::Page,
    query::Query,
    texts::Texts,
    visit::Visit,
};

/// The parameter of the filter by severity.
const SEVERITY: &str = "severity";

const COLUMNS: [&str; 6] =
    ["namespace", "cluster", "recommendations", "severity", "objects", "last_checked_at"];

#[derive(Template)]
#[template(path = "workloads.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    summary: String,
    is_empty: bool,
    tiles: Vec<Tile>,
    toolbar: Toolbar,
    columns: Vec<Column>,
    rows: &'a [WorkloadRow],
    paging: Paging,
}

/// Shows the namespaces of all clusters.
pub(crate) async fn list(State(page): State<Page>, visit: Visit) -> Result<Response, ErrorPage> {
    show(&page, &visit, Section::Workloads.href(), |_| true).await
}

/// Shows the namespaces of one cluster.
pub(crate) async fn list_of_cluster(
    State(page): State<Page>,
    Path(cluster): Path<String>,
    visit: Visit,
) -> Result<Response, ErrorPage> {
    let cluster: ClusterId = cluster.parse().map_err(|_| visit.error(Kind::NotFound))?;
    let path = format!("{}/{cluster}", Section::Workloads.href());
    show(&page, &visit, path, move |row| row.key.cluster == cluster).await
}

async fn show(
    page: &Page,
    visit: &Visit,
    path: String,
    is_listed: impl Fn(&WorkloadRow) -> bool,
) -> Result<Response, ErrorPage> {
    let mut all = page.source.workloads(&visit.caller).await.map_err(|error| visit.error((&error).into()))?;
    all.retain(is_listed);
    let (query, texts) = (&visit.query, visit.texts);
    let mut sum = RiskCounts::default();
    for row in &all {
        sum += row.hits;
    }
    let filters = vec![risk_filter(SEVERITY, texts.severity, query, texts)];
    let toolbar = Toolbar::new(&path, query, texts, texts.filter_by_namespace, filters);
    let (is_empty, summary) = (all.is_empty(), summary(&all, texts));
    let order = Order::parse(query, &COLUMNS, "-severity");
    let shown = sorted(filtered(all, query), &order);
    let paging = Paging::new(&path, query, shown.len());
    let view = View {
        frame: &visit.frame(Section::Workloads),
        now: visit.now,
        summary,
        is_empty,
        tiles: tiles(&sum, &path, SEVERITY),
        toolbar,
        columns: columns(&order, query, &path, texts),
        rows: paging.select(&shown),
        paging,
    };
    Ok(respond(StatusCode::OK, &view))
}

fn summary(all: &[WorkloadRow], texts: &Texts) -> String {
    let mut clusters: Vec<ClusterId> = all.iter().map(|row| row.key.cluster).collect();
    clusters.sort_unstable();
    clusters.dedup();
    let namespaces = texts.namespace_count.format(all.len() as u64);
    format!("{namespaces} · {}", texts.cluster_count.format(clusters.len() as u64))
}

fn filtered(mut all: Vec<WorkloadRow>, query: &Query) -> Vec<WorkloadRow> {
    let search = query.value("text").unwrap_or_default();
    let risks = chosen_risks(query, SEVERITY);
    let is_by_risk = !query.values(SEVERITY).is_empty();
    all.retain(|row| {
        let texts = [
            row.namespace_name.as_str(),
            &row.cluster_name,
            &row.key.namespace,
            &row.key.cluster.to_string(),
        ];
        matches(search, &texts) && (!is_by_risk || risks.iter().any(|risk| row.hits[*risk] > 0))
    });
    all
}

fn sorted(mut rows: Vec<WorkloadRow>, order: &Order<'_>) -> Vec<WorkloadRow> {
    rows.sort_by_cached_key(|row| (row.namespace_name.to_lowercase(), row.cluster_name.to_lowercase()));
    match order.column {
        "namespace" if order.is_descending => rows.reverse(),
        "cluster" => order.sort(&mut rows, |a, b| a.cluster_name.cmp(&b.cluster_name)),
        "recommendations" => order.sort(&mut rows, |a, b| a.recommendations.cmp(&b.recommendations)),
        "severity" => order.sort(&mut rows, |a, b| a.hits.weight().cmp(&b.hits.weight())),
        "objects" => order.sort(&mut rows, |a, b| a.objects.cmp(&b.objects)),
        "last_checked_at" => order.sort(&mut rows, |a, b| a.last_checked_at.cmp(&b.last_checked_at)),
        _ => {}
    }
    rows
}

fn columns(order: &Order<'_>, query: &Query, path: &str, texts: &Texts) -> Vec<Column> {
    let column = |label, first| Column::sortable(label, first, order, query, path);
    let by_risk = |risk: Risk| match risk {
        Risk::Critical => column(texts.critical, "-severity").with_class("ccx-number"),
        other => Column::fixed(other.name(texts)).with_class("ccx-number"),
    };
    let mut columns = vec![
        column(texts.namespace, "namespace"),
        column(texts.cluster, "cluster"),
        column(texts.recommendations, "-recommendations").with_class("ccx-number"),
    ];
    columns.extend(Risk::ALL.map(by_risk));
    columns.push(column(texts.objects, "-objects").with_class("ccx-number"));
    columns.push(column(texts.last_seen, "-last_checked_at"));
    columns
}
