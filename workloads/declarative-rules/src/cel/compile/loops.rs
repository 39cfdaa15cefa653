//! Converts the comprehensions to which the parser expands macros back to loops.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Compiler, MAX_LOOP_DEPTH};
use crate::cel::code::{Body, Kind, Loop};

/// The loop step of a comprehension, by macro.
enum Step<'e> {
    Exists(&'e IdedExpr),
    All(&'e IdedExpr),
    ExistsOne(&'e IdedExpr),
    Map { filter: Option<&'e IdedExpr>, value: &'e IdedExpr },
}

impl Compiler<'_> {
    pub(super) fn comprehension(&mut self, at: usize, fold: &ComprehensionExpr) -> Kind {
        if is_binding(fold) {
            let value = self.boxed(&fold.accu_init);
            self.locals.push(fold.accu_var.clone());
            let body = self.boxed(&fold.result);
            self.locals.pop();
            return Kind::Bind { value, body };
        }
        let Some(step) = Step::parse(fold) else {
            return self.unsupported(at, "this macro is not supported");
        };
        let range = self.node(&fold.iter_range);
        self.loop_depth += 1;
        if self.loop_depth == MAX_LOOP_DEPTH + 1 {
            self.mistake(
                at,
                format!("loops are nested more than {MAX_LOOP_DEPTH} deep; make the inner one a fact"),
            );
        }
        self.locals.push(fold.iter_var.clone());
        let body = match step {
            Step::Exists(condition) => Body::Exists(self.node(condition)),
            Step::All(condition) => Body::All(self.node(condition)),
            Step::ExistsOne(condition) => Body::ExistsOne(self.node(condition)),
            Step::Map { filter, value } => {
                Body::Map { filter: filter.map(|filter| self.node(filter)), value: self.node(value) }
            }
        };
        self.locals.pop();
        self.loop_depth -= 1;
        Kind::Loop(Box::new(Loop { range, body }))
    }
}

/// Returns true if a comprehension binds a local variable: it iterates over an empty list.
fn is_binding(fold: &ComprehensionExpr) -> bool {
    let is_over_nothing = matches!(&fold.iter_range.expr, Expr::List(list) if list.elements.is_empty());
    let never_steps =
        matches!(&fold.loop_cond.expr, Expr::Literal(LiteralValue::Boolean(truth)) if !truth.inner());
    is_over_nothing && never_steps
}

impl<'e> Step<'e> {
    fn parse(fold: &'e ComprehensionExpr) -> Option<Self> {
        let is_accumulator =
            |expression: &IdedExpr| matches!(&expression.expr, Expr::Ident(name) if *name == fold.accu_var);
        let Expr::Call(CallExpr { func_name, target: None, args }) = &fold.loop_step.expr else {
            return None;
        };
        match (func_name.as_str(), &args[..]) {
            (operators::LOGICAL_OR, [accumulator, condition]) if is_accumulator(accumulator) => {
                Some(Self::Exists(condition))
            }
            (operators::LOGICAL_AND, [accumulator, condition]) if is_accumulator(accumulator) => {
                Some(Self::All(condition))
            }
            (operators::ADD, [accumulator, added]) if is_accumulator(accumulator) => {
                Some(Self::Map { filter: None, value: only_element(added)? })
            }
            (operators::CONDITIONAL, [condition, step, otherwise]) if is_accumulator(otherwise) => {
                let Expr::Call(CallExpr { args, .. }) = &step.expr else { return None };
                let added = args.get(1)?;
                let is_count = matches!(added.expr, Expr::Literal(LiteralValue::Int(_)));
                if is_count {
                    return Some(Self::ExistsOne(condition));
                }
                Some(Self::Map { filter: Some(condition), value: only_element(added)? })
            }
            _ => None,
        }
    }
}

fn only_element(expression: &IdedExpr) -> Option<&IdedExpr> {
    match &expression.expr {
        Expr::List(list) => list.elements.first(),
        _ => None,
    }
}
