//! The Rhai engine of a generation: what it can do, and within which limits.

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine};

use crate::budget;
use crate::language;
use crate::language::Loading;
use crate::run::Run;
use crate::world::World;

/// What a handler finds its environment's variables under.
pub(crate) const VARS: &str = "vars";

/// What `vars` is where there is no event, and so no environment.
#[derive(Clone)]
struct NoEnvironment;

/// What Rhai calls it in its errors.
pub(crate) const NO_ENVIRONMENT: &str = "vars outside of a handler";

/// An engine that knows the language, and no script yet.
pub(crate) fn engine(world: &World) -> Engine {
    let mut engine = Engine::new_raw();
    packages(&mut engine);
    limits(&mut engine, world);
    language::register(&mut engine, world);
    engine.register_type_with_name::<NoEnvironment>(NO_ENVIRONMENT);
    engine.set_strict_variables(true);
    engine.disable_symbol("eval").disable_symbol("import").disable_symbol("export");
    engine.on_print(|text| tracing::debug!(target: "script", "{text}"));
    engine.on_debug(|text, source, at| {
        tracing::debug!(target: "script", script = source.unwrap_or(""), line = at.line().unwrap_or(0), "{text}");
    });
    resolve_names(&mut engine);
    engine
}

/// Rhai's standard library, but for what sleeps, tells the time, ends the run, or works on bytes.
pub(crate) fn packages(engine: &mut Engine) {
    for package in [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(package);
    }
}

fn limits(engine: &mut Engine, world: &World) {
    let limits = &world.limits;
    engine
        .set_max_call_levels(limits.max_call_levels)
        .set_max_expr_depths(limits.max_expression_depth, limits.max_expression_depth)
        .on_progress(|_| budget::count().map(Dynamic::from));
    if !budget::is_counted() {
        // Rhai's own limits go through a whole value each time that something is done to it, so that a list cannot be built
        // item by item; and they do not see what is assigned by an index.
        let size = limits.max_value_size();
        engine.set_max_string_size(size).set_max_array_size(size).set_max_map_size(size);
    }
}

/// What no scope has: `vars`, which the run knows, so that one compiled script serves all environments; and, while a script
/// loads, its own functions by name.
fn resolve_names(engine: &mut Engine) {
    // Rhai marks this so because it may change, and its version is pinned.
    #[allow(deprecated)]
    engine.on_var(|name, place_in_scope, context| {
        if name == VARS {
            let run = Run::in_tag(context.tag());
            // While a script loads, its closures capture the name only.
            return Ok(Some(run.map_or_else(|| Dynamic::from(NoEnvironment), |run| run.vars())));
        }
        if place_in_scope > 0 {
            return Ok(None);
        }
        Ok(Loading::in_tag(context.tag()).and_then(|loading| loading.function(name)).map(Dynamic::from))
    });
}
