//! `join(list, sep)`, `group_by(list, path)`, `each(list, fn)`, and looking for a value in a list of any types.

use std::collections::HashMap;

use rhai::{
    Array, Dynamic, Engine, EvalAltResult, FnPtr, FuncRegistration, INT, ImmutableString, Map,
    NativeCallContext,
};

use super::compare::same;
use super::{plain, wrong};
use crate::budget;
use crate::failure::{Refused, refuse};
use crate::json::canonical;
use crate::paths::lookup;

/// So many items of a list are compared at the cost of one operation.
const ITEMS_PER_OPERATION: usize = 16;

/// What an item costs beside its key when it is put into a group.
const GROUPING_BYTES: usize = 32;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("join", |context: NativeCallContext, list: Dynamic, separator: Dynamic| {
        join(&context, &list, &separator)
    });
    engine.register_fn("group_by", |context: NativeCallContext, list: Dynamic, path: Dynamic| {
        group_by(&context, list, &path)
    });
    engine.register_fn("each", |context: NativeCallContext, list: Dynamic, function: Dynamic| {
        let example = "each(event.data.items, |item| trigger(\"restock\", #{ data: item }))";
        let items = items(&context, list, example)?;
        let function = match function.try_cast_result::<FnPtr>() {
            Ok(function) => function,
            Err(other) => return wrong(&context, "a function to call for each item", &other, example),
        };
        items
            .into_iter()
            .try_for_each(|item| function.call_within_context::<Dynamic>(&context, (item,)).map(drop))
    });
    register_searches(engine);
}

/// Rhai's own would compare by `==`, which refuses values of different types.
fn register_searches(engine: &mut Engine) {
    let reading = |name| FuncRegistration::new(name).with_purity(true);
    reading("contains").register_into_engine(
        engine,
        |context: NativeCallContext, list: &mut Array, value: Dynamic| {
            place(&context, list, &value).map(|at| at >= 0)
        },
    );
    reading("index_of")
        .register_into_engine(engine, |context: NativeCallContext, list: &mut Array, value: Dynamic| {
            place(&context, list, &value)
        });
    // Rhai has one for strings, which takes them for the names of functions.
    reading("index_of").register_into_engine(
        engine,
        |context: NativeCallContext, list: &mut Array, value: ImmutableString| {
            place(&context, list, &value.into())
        },
    );
}

/// Where a value is, or -1.
fn place(context: &NativeCallContext, list: &Array, value: &Dynamic) -> Refused<INT> {
    let at = position(context, list, |item| same(item, value))?;
    Ok(at.map_or(-1, |at| INT::try_from(at).unwrap_or(INT::MAX)))
}

/// The first value that is looked for. A search in a long list costs operations like a loop does, though fewer.
pub(in crate::language) fn position(
    context: &NativeCallContext,
    list: &[Dynamic],
    is_wanted: impl Fn(&Dynamic) -> bool,
) -> Refused<Option<usize>> {
    for (at, item) in list.iter().enumerate() {
        if at % ITEMS_PER_OPERATION == 0
            && let Some(spent) = budget::count()
        {
            return Err(EvalAltResult::ErrorTerminated(Dynamic::from(spent), context.call_position()).into());
        }
        if is_wanted(item) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A list, or nothing where there is none.
fn items(context: &NativeCallContext, list: Dynamic, example: &str) -> Refused<Array> {
    if list.is_unit() {
        return Ok(Array::new());
    }
    match list.try_cast_result::<Array>() {
        Ok(items) => Ok(items),
        Err(other) => wrong(context, "a list", &other, example),
    }
}

/// What is missing is left out.
fn join(context: &NativeCallContext, list: &Dynamic, separator: &Dynamic) -> Refused<String> {
    let example = "join(event.data.tags, \", \")";
    let Ok(separator) = separator.as_immutable_string_ref() else {
        return wrong(context, "a text between the items", separator, example);
    };
    if list.is_unit() {
        return Ok(String::new());
    }
    let Ok(list) = list.as_array_ref() else {
        return wrong(context, "a list", list, example);
    };
    let texts: Refused<Vec<String>> =
        list.iter().filter(|item| !item.is_unit()).map(|item| plain(context, item)).collect();
    let texts = texts?;
    let bytes = texts.iter().map(|text| text.len() + separator.len()).sum();
    budget::charge(context, bytes)?;
    Ok(texts.join(&separator))
}

/// `[#{ key, items }]` in the order in which the keys first come.
fn group_by(context: &NativeCallContext, list: Dynamic, path: &Dynamic) -> Refused<Array> {
    let example = "for group in group_by(event.data.items, \"vendor\") { ... group.key ... group.items ... }";
    let Ok(path) = path.as_immutable_string_ref() else {
        return wrong(context, "a path in quotes", path, example);
    };
    let mut groups: Vec<(Dynamic, Array)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in items(context, list, example)? {
        let key = lookup(&item, &path).unwrap_or_default();
        let text = canonical::text(&key)
            .or_else(|error| refuse(context, format!("`group_by` cannot use this key: {error}"), example))?;
        budget::charge(context, text.len() + GROUPING_BYTES)?;
        let place = *places.entry(text).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Array::new()));
        }
        groups[place].1.push(item);
    }
    let group = |(key, items): (Dynamic, Array)| {
        Dynamic::from(Map::from([("key".into(), key), ("items".into(), items.into())]))
    };
    Ok(groups.into_iter().map(group).collect())
}
