//! Tables of issues, risks, figures and phases.

use super::draft::{DraftStep, Tick};
use super::lists::{issue_status, tick_of};
use super::marks::{plain, whole_status};
use super::mention::declaration;
use super::outline::Row;
use super::reader::{Context, Reader, Scope};
use crate::Status;
use crate::document::{Issue, Risk};

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

impl Reader<'_> {
    /// Takes a table. `false` when it is of no known kind.
    pub(super) fn table(&mut self, header: &[String], rows: &[Row], span: (usize, usize), context: &Context) -> bool {
        let header = header.iter().map(|name| plain(name).to_lowercase()).collect();
        let columns = Columns { header, rows };
        let understood = self.issues(&columns, context)
            || self.risks(&columns, context)
            || self.steps(&columns, context)
            || self.phases(&columns, context)
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
        for row in columns.rows {
            let issue = Issue {
                severity: Columns::text(row, severity),
                title: Columns::text(row, title).unwrap_or_default(),
                status: Columns::cell(row, status).map(issue_status).filter(|status| !status.is_empty()),
                fix: Columns::text(row, fix),
            };
            self.draft(&context.scope).issues.push(issue);
        }
        true
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
            self.draft(&context.scope).risks.push(risk);
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
            let told = Columns::cell(row, status).and_then(whole_status);
            tick.done = told.map(|status| status == Status::Completed).or(tick.done);
            let estimate = Columns::text(row, columns.find(&["estimate", "effort"]));
            let step = DraftStep { tick, estimate, objective: None, tasks: Vec::new() };
            self.draft(&context.scope).steps.push(step);
        }
        true
    }

    /// A table of phases tells of each what its own section may not.
    fn phases(&mut self, columns: &Columns<'_>, _context: &Context) -> bool {
        let (Some(phase), Some(status)) = (columns.find(&["phase"]), columns.find(&["status"])) else { return false };
        let told: Option<Vec<_>> = columns
            .rows
            .iter()
            .map(|row| {
                let named = Columns::cell(row, Some(phase))?;
                let id = declaration(named).map(|declared| declared.phase).or_else(|| plain(named).parse().ok())?;
                let status = Columns::cell(row, Some(status)).and_then(whole_status)?;
                self.facts.phases.contains_key(&id).then_some((row.line, id, status))
            })
            .collect();
        let Some(told) = told else { return false };
        for (line, id, status) in told {
            self.draft(&Scope::Phase(id)).state(line, status);
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
