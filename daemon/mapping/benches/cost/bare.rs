//! The bare engine: Rhai as it comes, with the few functions that the handler calls.

use std::cell::RefCell;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use doorman_core::store::Event;
use doorman_core::wire::json::{Build, parse};
use doorman_plugin::event::rfc3339;
use rhai::{AST, Dynamic, Engine, FnPtr, Identifier, Map};

thread_local! {
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// An engine with one handler.
pub struct Bare {
    engine: Engine,
    ast: AST,
    handler: FnPtr,
}

impl Bare {
    pub fn new(script: &str) -> Self {
        let mut engine = Engine::new();
        let handler = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&handler);
        engine.register_fn("on", move |_: &str, handler: FnPtr| {
            *kept.lock().expect("nobody panics") = Some(handler);
        });
        engine.register_fn("trigger", |workflow: &str, fields: Map| {
            let mut fields = fields;
            fields.insert("workflow".into(), workflow.into());
            say(&fields.into());
        });
        engine.register_fn("send", |_: &str, payload: Dynamic| say(&payload));
        engine.register_fn("drop", |_: &str| {});
        let ast = engine.compile(script).expect("it compiles");
        engine.run_ast(&ast).expect("it loads");
        let handler = handler.lock().expect("nobody panics").take().expect("it registers a handler");
        Self { engine, ast, handler }
    }

    /// The contents of what the handler says.
    pub fn map(&self, event: &Event) -> Vec<String> {
        let mut map = parse(&event.body, &mut Values).expect("JSON").cast::<Map>();
        let properties = map.remove("properties").unwrap_or_default();
        map.insert("data".into(), properties);
        let info = &event.info;
        for (name, value) in [
            ("event", &info.event),
            ("source", &info.source),
            ("environment", &info.environment),
            ("userId", info.user_id.as_ref().expect("a user")),
            ("messageId", info.message_id.as_ref().expect("an id")),
        ] {
            map.insert(name.into(), (&**value).into());
        }
        map.insert("timestamp".into(), rfc3339(info.timestamp).into());
        drop(self.handler.call::<Dynamic>(&self.engine, &self.ast, (map,)).expect("the handler works"));
        SAID.take()
    }
}

fn say(value: &Dynamic) {
    let mut json = String::new();
    write(&mut json, value);
    SAID.with_borrow_mut(|said| said.push(json));
}

fn write(json: &mut String, value: &Dynamic) {
    if value.is_unit() {
        json.push_str("null");
    } else if let Ok(text) = value.as_immutable_string_ref() {
        string(json, &text);
    } else if let Ok(integer) = value.as_int() {
        let _ = write!(json, "{integer}");
    } else if let Ok(map) = value.as_map_ref() {
        let mut before = '{';
        for (name, value) in map.iter() {
            json.push(before);
            string(json, name);
            json.push(':');
            write(json, value);
            before = ',';
        }
        json.push('}');
    } else if let Ok(array) = value.as_array_ref() {
        let mut before = '[';
        for item in array.iter() {
            json.push(before);
            write(json, item);
            before = ',';
        }
        json.push(']');
    } else if let Ok(float) = value.as_float() {
        let _ = write!(json, "{float}");
    } else {
        json.push_str(if value.as_bool().unwrap_or(false) { "true" } else { "false" });
    }
}

fn string(json: &mut String, text: &str) {
    json.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        json.push_str(part);
    }
    json.push('"');
}

struct Values;

impl Build for Values {
    type Value = Dynamic;
    type Key = Identifier;
    type Object = Map;

    fn null(&mut self) -> Dynamic {
        Dynamic::UNIT
    }
    fn bool(&mut self, value: bool) -> Dynamic {
        value.into()
    }
    fn integer(&mut self, value: i64) -> Dynamic {
        value.into()
    }
    fn float(&mut self, value: f64) -> Dynamic {
        value.into()
    }
    fn opaque_number(&mut self, text: &str) -> Dynamic {
        text.into()
    }
    fn string(&mut self, value: &str) -> Dynamic {
        value.into()
    }
    fn array(&mut self, items: Vec<Dynamic>) -> Dynamic {
        Dynamic::from_array(items)
    }
    fn key(&mut self, name: &str) -> Identifier {
        name.into()
    }
    fn object(&mut self) -> Map {
        Map::new()
    }
    fn member(&mut self, object: &mut Map, key: Identifier, value: Dynamic) {
        object.insert(key, value);
    }
    fn finish(&mut self, object: Map) -> Dynamic {
        Dynamic::from_map(object)
    }
}
