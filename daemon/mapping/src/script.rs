//! One script, compiled and loaded: its functions and its handlers.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, FnCallExpr, FnPtr, ImmutableString,
    NativeCallContext, Position, Stmt,
};

use crate::handlers::Handlers;
use crate::language::Wanted;
use crate::run::Run;

/// A script that is ready to map events.
pub(crate) struct Script {
    /// Its path under the root.
    pub file: Arc<str>,
    /// Which handlers an event has.
    pub handlers: Handlers,
    /// Whether an action of it may send the event's properties as they came.
    pub defaults_data: bool,
    source: ImmutableString,
    ast: AST,
    calls: Vec<(FnPtr, Position)>,
    /// What the handlers are registered for, as texts.
    registered: Vec<String>,
}

impl Script {
    /// A compiled script with what it registered when it was loaded.
    pub fn new(file: Arc<str>, ast: AST, wanted: Vec<Wanted>) -> Self {
        let mut handlers = Handlers::default();
        for (index, handler) in wanted.iter().enumerate() {
            handlers.insert(index, handler.names.as_deref());
        }
        let registered = wanted.iter().map(Wanted::text).collect();
        let calls = wanted.into_iter().map(|handler| (handler.call, handler.at)).collect();
        let defaults_data = defaults_data(&ast);
        Self { defaults_data, source: (&*file).into(), file, handlers, ast, calls, registered }
    }

    /// What a handler is registered for, `on("order.created")`, and where.
    pub fn registered(&self, handler: usize) -> (&str, Position) {
        (&self.registered[handler], self.calls[handler].1)
    }

    /// The lines of its functions on which a statement begins.
    pub fn lines(&self) -> BTreeSet<u32> {
        let mut lines = BTreeSet::new();
        self.ast.clone_functions_only().walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Stmt(statement)) = path.last()
                && !matches!(statement, Stmt::Noop(_) | Stmt::Share(_) | Stmt::Block(_))
            {
                lines.extend(statement.position().line().map(|line| line as u32));
            }
            true
        });
        lines
    }

    /// Gives an event to one handler. What the handler returns is nobody's business.
    pub fn call(
        &self,
        engine: &Engine,
        handler: usize,
        event: Dynamic,
        run: &Run,
    ) -> Result<(), Box<EvalAltResult>> {
        let (call, at) = &self.calls[handler];
        let mut state = engine.new_global_runtime_state();
        state.lib.push(self.ast.shared_lib().clone());
        state.source = Some(self.source.clone());
        state.tag = Dynamic::from(run.clone());
        let context = NativeCallContext::from((engine, call.fn_name(), None, &state, *at));
        call.call_raw(&context, None, [event]).map(drop)
    }
}

/// Whether a trigger of the script may leave out its data.
fn defaults_data(ast: &AST) -> bool {
    let has_data = |call: &FnCallExpr| match call.args.get(1) {
        Some(Expr::Map(map, _)) => map.0.iter().any(|(field, _)| field.name == "data"),
        _ => false,
    };
    // The walk goes on, and is whole in the end, as long as no such trigger is met.
    !ast.walk(&mut |path: &[ASTNode]| match path.last() {
        Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
            call.name != "trigger" || has_data(call)
        }
        _ => true,
    })
}
