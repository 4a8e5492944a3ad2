//! Tables of issues, risks, figures and phases.

use std::collections::{BTreeMap, HashSet};

use super::dates;
use super::draft::{DraftStep, Tick};
use super::marks::{plain, whole_status};
use super::mention::declaration;
use super::outline::Row;
use super::reader::lists::{issue_status, tick_of};
use super::reader::{Context, Reader, Scope};
use crate::document::{Issue, Risk};
use crate::{PhaseId, Status};

/// Columns by their names.
struct Columns<'a> {
    header: Vec<String>,
    rows: &'a [Row],
}

impl<'a> Columns<'a> {
    fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|column| column == name))
    }

    fn cell(row: &'a Row, column: Option<usize>) -> Option<&'a str> {
        column.and_then(|column| row.cells.get(column)).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    fn text(row: &'a Row, column: Option<usize>) -> Option<String> {
        Self::cell(row, column).map(plain).filter(|text| !text.is_empty() && text != "-" && text != "–")
    }
}

/// The phase that a cell names: `2`, `Phase 2: Import`.
fn phase_of(cell: &str) -> Option<PhaseId> {
    declaration(cell).map(|declared| declared.phase).or_else(|| plain(cell).parse().ok())
}

impl Reader<'_> {
    /// Takes a table. `false` when it is of no known kind.
    pub(super) fn table(&mut self, header: &[String], rows: &[Row], span: (usize, usize), context: &Context) -> bool {
        let header = header.iter().map(|name| plain(name).to_lowercase()).collect();
        let columns = Columns { header, rows };
        let understood = self.issues(&columns, context)
            || self.risks(&columns, context)
            || self.steps(&columns, context)
            || self.phases(&columns)
            || self.figures(&columns, context);
        if understood {
            self.claim(span.0, span.1);
        }
        understood
    }

    fn issues(&mut self, columns: &Columns<'_>, context: &Context) -> bool {
        let title = columns.find(&["issue", "problem", "title", "description"]);
        let severity = columns.find(&["severity"]);
        let status = columns.find(&["status"]);
        let fix = columns.find(&["fix", "solution", "resolution"]);
        if title.is_none() || severity.is_none() && columns.find(&["issue", "problem"]).is_none() {
            return false;
        }
        let phase = columns.find(&["phase"]);
        let mut stated: BTreeMap<Scope, HashSet<String>> = BTreeMap::new();
        for row in columns.rows {
            let issue = Issue {
                severity: Columns::text(row, severity),
                title: Columns::text(row, title).unwrap_or_default(),
                status: Columns::cell(row, status).map(issue_status).filter(|status| !status.is_empty()),
                fix: Columns::text(row, fix),
            };
            let scope = self.row_scope(row, phase, context);
            let draft = self.draft(&scope);
            // A table of all phases repeats what their own sections tell.
            let titles = || draft.issues.iter().map(|issue| issue.title.clone()).collect();
            if phase.is_none() || stated.entry(scope).or_insert_with(titles).insert(issue.title.clone()) {
                draft.issues.push(issue);
            }
        }
        true
    }

    /// The phase that a row is about.
    fn row_scope(&self, row: &Row, phase: Option<usize>, context: &Context) -> Scope {
        let named = Columns::cell(row, phase).and_then(phase_of);
        named.filter(|phase| self.facts.phases.contains_key(phase)).map_or_else(|| context.scope.clone(), Scope::Phase)
    }

    fn risks(&mut self, columns: &Columns<'_>, context: &Context) -> bool {
        let Some(risk) = columns.find(&["risk", "risks"]) else { return false };
        let probability = columns.find(&["probability", "likelihood"]);
        let (impact, mitigation) =
            (columns.find(&["impact"]), columns.find(&["mitigation", "mitigations", "response"]));
        for row in columns.rows {
            let risk = Risk {
                risk: Columns::text(row, Some(risk)).unwrap_or_default(),
                probability: Columns::text(row, probability),
                impact: Columns::text(row, impact),
                mitigation: Columns::text(row, mitigation),
            };
            let scope = self.row_scope(row, columns.find(&["phase"]), context);
            self.draft(&scope).risks.push(risk);
        }
        true
    }

    fn steps(&mut self, columns: &Columns<'_>, context: &Context) -> bool {
        let (Some(step), status) = (columns.find(&["step", "steps"]), columns.find(&["status", "done"])) else {
            return false;
        };
        for row in columns.rows {
            let name = Columns::cell(row, Some(step)).map(tick_of);
            let mut tick = name.unwrap_or(Tick { name: String::new(), done: None });
            let stated = Columns::cell(row, status).and_then(whole_status);
            tick.done = stated.map(|status| status == Status::Completed).or(tick.done);
            let estimate = Columns::text(row, columns.find(&["estimate", "effort"]));
            let step = DraftStep { tick, estimate, objective: None, tasks: Vec::new() };
            self.draft(&context.scope).steps.push(step);
        }
        true
    }

    /// A table of phases tells of each what its own section may not.
    fn phases(&mut self, columns: &Columns<'_>) -> bool {
        let Some(phase) = columns.find(&["phase"]) else { return false };
        let status = columns.find(&["status"]);
        let (started, completed) = (columns.find(&["started", "start"]), columns.find(&["completed", "end"]));
        let derived = ["phase", "status", "started", "start", "completed", "end", "duration", "estimate", "progress"];
        if !columns.header.iter().all(|name| derived.contains(&name.as_str())) {
            return false;
        }
        let ids = columns.rows.iter().map(|row| Columns::cell(row, Some(phase)).and_then(phase_of));
        let ids: Option<Vec<_>> = ids.map(|id| id.filter(|id| self.facts.phases.contains_key(id))).collect();
        let Some(ids) = ids else { return false };
        for (row, id) in columns.rows.iter().zip(ids) {
            let date = |column| Columns::cell(row, column).and_then(dates::moment);
            let draft = self.draft(&Scope::Phase(id));
            if let Some(status) = Columns::cell(row, status).and_then(whole_status) {
                draft.state(row.line, status);
            }
            draft.started_at = draft.started_at.take().or_else(|| date(started));
            draft.completed_at = draft.completed_at.take().or_else(|| date(completed));
            draft.estimate = draft.estimate.take().or_else(|| Columns::text(row, columns.find(&["estimate"])));
            if let Some(duration) = Columns::text(row, columns.find(&["duration"])) {
                draft.metric("", "Duration", &duration);
            }
        }
        true
    }

    fn figures(&mut self, columns: &Columns<'_>, context: &Context) -> bool {
        let Some(name) = columns.find(&["metric", "measure", "figure", "name"]) else { return false };
        let value = columns.find(&["value", "result"]);
        if columns.header.len() != 2 || value.is_none() {
            return false;
        }
        for row in columns.rows {
            let (name, value) = (Columns::text(row, Some(name)), Columns::text(row, value));
            let (name, value) = (name.unwrap_or_default(), value.unwrap_or_default());
            self.draft(&context.scope).metric(&context.title, &name, &value);
        }
        true
    }
}
