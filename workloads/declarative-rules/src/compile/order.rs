//! Evaluation order of facts, and detection of cycles between them.

use crate::{
    format::Definition,
    parse::Source,
    rule::{Compiled, CompiledExpression},
};

/// Sets the facts that every expression depends on, or reports a cycle and returns `None`.
pub(super) fn resolve(source: &mut Source<'_>, definition: &Definition, rule: &mut Compiled) -> Option<()> {
    let inputs = rule.inputs.len();
    let direct: Vec<Vec<usize>> = rule.facts.iter().map(|fact| direct_facts(fact, inputs)).collect();
    let mut search = Search { direct: &direct, states: vec![State::New; direct.len()], cycle: None };
    for fact in 0..direct.len() {
        search.visit(fact, &mut Vec::new());
    }
    if let Some(cycle) = search.cycle {
        let names: Vec<String> =
            cycle.iter().map(|&fact| format!("`{}`", definition.facts[fact].0.value)).collect();
        source.error(
            definition.facts[cycle[0]].0.at,
            format!("facts need each other: {}", names.join(" needs ")),
        );
        return None;
    }
    let expressions = rule.details.iter_mut().map(|(_, detail)| detail).chain([&mut rule.when]);
    for expression in expressions {
        let mut search = Search { direct: &direct, states: vec![State::New; direct.len()], cycle: None };
        let mut needed = Vec::new();
        for fact in direct_facts(expression, inputs) {
            search.visit(fact, &mut needed);
        }
        expression.facts = needed;
    }
    for fact in 0..direct.len() {
        let mut search = Search { direct: &direct, states: vec![State::New; direct.len()], cycle: None };
        let mut needed = Vec::new();
        search.visit(fact, &mut needed);
        // The last element is the fact itself.
        needed.pop();
        rule.facts[fact].facts = needed;
    }
    Some(())
}

fn direct_facts(expression: &CompiledExpression, inputs: usize) -> Vec<usize> {
    expression.program.reads.iter().filter_map(|&global| global.checked_sub(inputs)).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// A depth-first search through the dependencies of facts.
struct Search<'a> {
    direct: &'a [Vec<usize>],
    states: Vec<State>,
    /// Facts of which each depends on the next; the first and the last are the same.
    cycle: Option<Vec<usize>>,
}

impl Search<'_> {
    /// Appends the dependencies of a fact to `done`, then the fact.
    fn visit(&mut self, fact: usize, done: &mut Vec<usize>) {
        match self.states[fact] {
            State::Done => {}
            State::Open => {
                if self.cycle.is_none() {
                    self.cycle = Some(self.path_back_to(fact));
                }
            }
            State::New => {
                self.states[fact] = State::Open;
                for &needed in &self.direct[fact] {
                    self.visit(needed, done);
                }
                self.states[fact] = State::Done;
                done.push(fact);
            }
        }
    }

    /// Returns a path from an open fact through open facts back to itself.
    fn path_back_to(&self, start: usize) -> Vec<usize> {
        let mut path = vec![start];
        loop {
            let last = path[path.len() - 1];
            let is_on_the_way = |&&needed: &&usize| {
                self.states[needed] == State::Open && (needed == start || !path.contains(&needed))
            };
            let Some(&next) = self.direct[last].iter().find(is_on_the_way) else { return path };
            path.push(next);
            if next == start {
                return path;
            }
        }
    }
}
