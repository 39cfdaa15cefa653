//! Compiles expressions and reports every error that can be found without data.

use std::collections::BTreeSet;

use cel::{
    Env,
    common::ast::{
        CallExpr, EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SelectExpr, SourceInfo,
        operators,
    },
};
use regex::RegexBuilder;

use super::{
    Value,
    code::{Element, Entry, Kind, Node, Operator, Program},
    functions::{self, Form},
    syntax,
    value::Type,
};
use crate::{
    limits::{
        COMPILER_STACK_BYTES, MAX_EXPRESSION_BYTES, MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_NODES,
        MAX_LITERAL_ELEMENTS, MAX_LOOP_DEPTH, MAX_REGEX_BYTES,
    },
    suggest::did_you_mean,
};

mod loops;

/// An error in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Byte offset in the expression.
    pub at: usize,
    /// Description of the error, with a suggestion if there is one.
    pub message: String,
}

/// Compiles an expression that may use the names in `globals`.
///
/// Must be called on a thread with a large stack, see [`on_large_stack`].
pub(crate) fn compile(source: &str, globals: &[&str]) -> Result<Program, Vec<Mistake>> {
    if source.len() > MAX_EXPRESSION_BYTES {
        let message =
            format!("the expression has more than {MAX_EXPRESSION_BYTES} bytes; split it into facts");
        return Err(vec![Mistake { at: 0, message }]);
    }
    if deepest_brackets(source) > MAX_EXPRESSION_DEPTH {
        let message = format!(
            "brackets are nested more than {MAX_EXPRESSION_DEPTH} deep; split the expression into facts"
        );
        return Err(vec![Mistake { at: 0, message }]);
    }
    let parsed = Env::stdlib().parser().enable_ident_escape_syntax(true).parse_with_source_info(source);
    let (ast, positions) = parsed.map_err(|errors| vec![syntax::first_mistake(source, &errors)])?;
    let mut compiler = Compiler {
        source,
        positions,
        globals,
        locals: Vec::new(),
        reads: BTreeSet::new(),
        nodes: 0,
        is_too_large: false,
        depth: 0,
        loop_depth: 0,
        mistakes: Vec::new(),
    };
    let root = compiler.node(&ast);
    if compiler.mistakes.is_empty() {
        return Ok(Program { root, reads: compiler.reads.into_iter().collect() });
    }
    Err(compiler.mistakes)
}

/// Runs `work` on a thread with enough stack for the recursion of the parser.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let builder =
            std::thread::Builder::new().name("compile-rules".into()).stack_size(COMPILER_STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, work)
            .expect("a thread can be started; without any, no rule could run either");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Returns the maximum depth of brackets, including those in strings.
fn deepest_brackets(source: &str) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

struct Compiler<'a> {
    source: &'a str,
    positions: SourceInfo,
    globals: &'a [&'a str],
    locals: Vec<String>,
    reads: BTreeSet<usize>,
    nodes: usize,
    is_too_large: bool,
    depth: usize,
    loop_depth: usize,
    mistakes: Vec<Mistake>,
}

impl Compiler<'_> {
    fn node(&mut self, expression: &IdedExpr) -> Node {
        let at = self.offset_of(expression);
        self.nodes += 1;
        if self.nodes > MAX_EXPRESSION_NODES {
            return self.too_large(at, &format!("there are more than {MAX_EXPRESSION_NODES} parts"));
        }
        if self.depth == MAX_EXPRESSION_DEPTH {
            return self
                .too_large(at, &format!("operators are nested more than {MAX_EXPRESSION_DEPTH} deep"));
        }
        self.depth += 1;
        let kind = self.kind(at, expression);
        self.depth -= 1;
        Node { at, kind }
    }

    fn kind(&mut self, at: usize, expression: &IdedExpr) -> Kind {
        match &expression.expr {
            Expr::Literal(literal) => Kind::Constant(self.literal(at, literal)),
            Expr::Ident(name) => self.identifier(at, name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(at, call),
            Expr::List(list) => self.list(at, list),
            Expr::Map(map) => self.map(at, map),
            Expr::Comprehension(comprehension) => self.comprehension(at, comprehension),
            Expr::Struct(_) => {
                self.unsupported(at, "messages are not supported; write a map: `{\"name\": value}`")
            }
            Expr::Unspecified => self.unsupported(at, "the expression is empty"),
        }
    }

    fn boxed(&mut self, expression: &IdedExpr) -> Box<Node> {
        Box::new(self.node(expression))
    }

    fn offset_of(&self, expression: &IdedExpr) -> usize {
        let start = self.positions.offset_for(expression.id).map_or(0, |(start, _)| start as usize);
        self.source.floor_char_boundary(start)
    }

    /// Reports that the expression is too large, once, and returns a placeholder.
    fn too_large(&mut self, at: usize, message: &str) -> Node {
        if !std::mem::replace(&mut self.is_too_large, true) {
            self.mistake(at, format!("{message}; split the expression into facts"));
        }
        Node { at, kind: Kind::Constant(Value::Null) }
    }

    fn mistake(&mut self, at: usize, message: impl Into<String>) {
        self.mistakes.push(Mistake { at, message: message.into() });
    }

    fn unsupported(&mut self, at: usize, message: &str) -> Kind {
        self.mistake(at, message);
        Kind::Constant(Value::Null)
    }

    fn literal(&mut self, at: usize, literal: &LiteralValue) -> Value {
        match literal {
            LiteralValue::Null => Value::Null,
            LiteralValue::Boolean(truth) => Value::Bool(*truth.inner()),
            LiteralValue::Int(number) => Value::Int(*number.inner()),
            LiteralValue::UInt(number) => Value::UInt(*number.inner()),
            LiteralValue::Double(number) => Value::Double(*number.inner()),
            LiteralValue::String(text) => Value::text(text.inner()),
            LiteralValue::Bytes(_) => {
                self.mistake(at, "bytes are not supported; write a string without the `b`");
                Value::Null
            }
        }
    }

    fn identifier(&mut self, at: usize, name: &str) -> Kind {
        if let Some(position) = self.locals.iter().rposition(|local| local == name) {
            return Kind::Local(position);
        }
        if let Some(position) = self.globals.iter().position(|global| *global == name) {
            self.reads.insert(position);
            return Kind::Global(position);
        }
        if let Some(named) = Type::NAMED.into_iter().find(|named| named.name() == name) {
            return Kind::Constant(Value::Type(named));
        }
        let known = self.globals.iter().copied().chain(self.locals.iter().map(String::as_str));
        let hint =
            syntax::hint_about_name(self.source, at, name).unwrap_or_else(|| did_you_mean(name, known));
        self.mistake(at, format!("unknown name `{name}`{hint}"));
        Kind::Constant(Value::Null)
    }

    fn select(&mut self, select: &SelectExpr) -> Kind {
        if let Expr::Ident(section) = &select.operand.expr
            && matches!(section.as_str(), "facts" | "inputs")
            && !self.globals.contains(&section.as_str())
        {
            let at = self.offset_of(&select.operand);
            let field = &select.field;
            return self
                .unsupported(at, &format!("`{section}` is not needed before a name; write `{field}`"));
        }
        let operand = self.boxed(&select.operand);
        let field = select.field.as_str().into();
        if select.test { Kind::Has(operand, field) } else { Kind::Select(operand, field) }
    }

    fn list(&mut self, at: usize, list: &ListExpr) -> Kind {
        self.check_literal(at, list.elements.len());
        let elements = list.elements.iter().enumerate();
        let elements = elements.map(|(position, element)| Element {
            value: self.node(element),
            is_optional: list.optional_indices.contains(&position),
        });
        Kind::List(elements.collect())
    }

    fn map(&mut self, at: usize, map: &MapExpr) -> Kind {
        self.check_literal(at, map.entries.len());
        let entries = map.entries.iter().filter_map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => Some(Entry {
                key: self.node(&entry.key),
                value: self.node(&entry.value),
                is_optional: entry.optional,
            }),
            EntryExpr::StructField(_) => None,
        });
        Kind::Map(entries.collect())
    }

    fn check_literal(&mut self, at: usize, elements: usize) {
        if elements > MAX_LITERAL_ELEMENTS {
            self.mistake(
                at,
                format!("more than {MAX_LITERAL_ELEMENTS} elements are written out; that is more than a rule should know"),
            );
        }
    }

    fn call(&mut self, at: usize, call: &CallExpr) -> Kind {
        if let Some(target) = &call.target {
            return self.member_call(at, target, call);
        }
        match (call.func_name.as_str(), &call.args[..]) {
            (operators::LOGICAL_AND, [a, b]) => Kind::And(Box::new([self.node(a), self.node(b)])),
            (operators::LOGICAL_OR, [a, b]) => Kind::Or(Box::new([self.node(a), self.node(b)])),
            (operators::LOGICAL_NOT, [a]) => Kind::Not(self.boxed(a)),
            (operators::NEGATE, [a]) => Kind::Negate(self.boxed(a)),
            (operators::INDEX, [a, b]) => Kind::Index(Box::new([self.node(a), self.node(b)])),
            (operators::OPT_INDEX, [a, b]) => Kind::OptionalIndex(Box::new([self.node(a), self.node(b)])),
            (operators::OPT_SELECT, [a, b]) => self.optional_select(at, a, b),
            (operators::CONDITIONAL, [a, b, c]) => {
                Kind::Conditional(Box::new([self.node(a), self.node(b), self.node(c)]))
            }
            (name, [a, b]) if binary_operator(name).is_some() => {
                let operands = Box::new([self.node(a), self.node(b)]);
                binary_operator(name)
                    .map_or(Kind::Constant(Value::Null), |operator| Kind::Binary(operator, operands))
            }
            (operators::HAS, _) => self.unsupported(at, "`has` takes one field, as in `has(pod.status)`"),
            ("matches", [text, pattern]) => self.matches(at, text, pattern),
            (name, arguments) => {
                let arguments = arguments.iter().map(|argument| self.node(argument)).collect();
                self.function(at, name, Form::Global, arguments)
            }
        }
    }

    fn member_call(&mut self, at: usize, target: &IdedExpr, call: &CallExpr) -> Kind {
        let is_optional_namespace = matches!(&target.expr, Expr::Ident(name) if name == "optional");
        if is_optional_namespace {
            let arguments = call.args.iter().map(|argument| self.node(argument)).collect();
            return self.function(at, &format!("optional.{}", call.func_name), Form::Global, arguments);
        }
        match (call.func_name.as_str(), &call.args[..]) {
            ("matches", [pattern]) => self.matches(at, target, pattern),
            (
                operators::EXISTS
                | operators::ALL
                | operators::FILTER
                | operators::MAP
                | operators::EXISTS_ONE,
                _,
            ) => {
                let name = &call.func_name;
                self.unsupported(
                    at,
                    &format!("`{name}` takes a name and an expression, as in `pods.{name}(pod, pod.ready)`"),
                )
            }
            (name, [item, _]) if functions::find(name, Form::Member).is_none() && is_name(item) => {
                // Probably a misspelt macro: the names in its arguments would be reported as unknown, too.
                let hint = functions::closest(name);
                self.unsupported(at, &format!("unknown function `{name}`{hint}"))
            }
            (name, arguments) => {
                let arguments =
                    std::iter::once(target).chain(arguments).map(|argument| self.node(argument)).collect();
                self.function(at, name, Form::Member, arguments)
            }
        }
    }

    fn optional_select(&mut self, at: usize, operand: &IdedExpr, field: &IdedExpr) -> Kind {
        match &field.expr {
            Expr::Literal(LiteralValue::String(field)) => {
                Kind::OptionalSelect(self.boxed(operand), field.inner().into())
            }
            _ => self.unsupported(at, "`.?` is followed by a name"),
        }
    }

    fn matches(&mut self, at: usize, text: &IdedExpr, pattern: &IdedExpr) -> Kind {
        let text = self.boxed(text);
        let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr else {
            return self.unsupported(
                at,
                "the pattern of `matches` must be written out, so that it can be checked here",
            );
        };
        match RegexBuilder::new(pattern.inner()).size_limit(MAX_REGEX_BYTES).build() {
            Ok(regex) => Kind::Matches(text, regex),
            Err(error) => self.unsupported(
                at,
                &format!("the pattern of `matches` is not a valid regular expression: {}", one_line(&error)),
            ),
        }
    }

    fn function(&mut self, at: usize, name: &str, form: Form, arguments: Box<[Node]>) -> Kind {
        let Some(function) = functions::find(name, form) else {
            let hint = match functions::find(name, form.other()) {
                Some(function) => format!("; write {}", function.signature),
                None => functions::closest(name),
            };
            return self.unsupported(at, &format!("unknown function `{name}`{hint}"));
        };
        if !function.arguments.contains(&arguments.len()) {
            return self.unsupported(at, &format!("`{name}` has other arguments: {}", function.signature));
        }
        Kind::Call(function, arguments)
    }
}

fn is_name(expression: &IdedExpr) -> bool {
    matches!(expression.expr, Expr::Ident(_))
}

/// Returns the last line of a regex error, without the lines that show its position.
pub(crate) fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn binary_operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Remainder,
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::NotEqual,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessOrEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterOrEqual,
        operators::IN => Operator::In,
        _ => return None,
    })
}
