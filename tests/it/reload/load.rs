//! Reloads under load. `DOORMAN_RELOADS` says how many there are.
//!
//! Each set says its number in two files, the script and a module, and each action carries both: an event that was mapped
//! by half of a set shows it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use doorman_tests::{Builder, Doorman, Sink};
use serde_json::Value;

use super::edited::{BROKEN, Edited};
use crate::crash::audit::{self, Arrived};
use crate::crash::kit;
use crate::crash::load::{Load, Volume};

/// How many reloads there are, unless somebody asks for more.
const RELOADS: u32 = 20;
/// In every set of so many, a broken one comes before it.
const BROKEN_EVERY: u32 = 5;
/// Of so many events that arrived, one is looked up in the log.
const LOOKED_UP_EVERY: usize = 50;

fn script(number: u32) -> String {
    format!(
        "const SET = {number};\n// Line 2.\non(\"order.created\", |event| send(\"sink\", #{{ order: event.data.orderId, \
         script: {number}, lib: half::number() }}));"
    )
}

fn module(number: u32) -> String {
    format!("fn number() {{ {number} }}")
}

fn write_set(folder: &Path, number: u32) {
    fs::create_dir_all(folder.join("lib")).expect("the folder is ours");
    fs::write(folder.join("demo.rhai"), script(number)).expect("the folder is ours");
    fs::write(folder.join("lib/half.rhai"), module(number)).expect("the folder is ours");
}

fn builder(sink: &Sink) -> Builder {
    let keys = r#"retry = { base = "20ms", cap = "50ms", max_attempts = 1_000 }"#;
    super::edited::builder()
        .destination("sink", &format!("{}\nbody = \"envelope\"", sink.destination_with(keys)))
}

/// Puts the next set on disk, each time in another way.
fn change(edited: &Edited, number: u32) {
    match number % 3 {
        // A link is pointed to another folder.
        0 => {
            let [release, next] =
                [format!("set-{number}"), "next".to_owned()].map(|name| edited.doorman.setup().path(&name));
            write_set(&release, number);
            symlink(&release, &next).expect("the folder is ours");
            fs::rename(&next, &edited.root).expect("the folder is ours");
        }
        // One file is open until the other is written.
        1 => {
            let mut file = File::create(edited.script()).expect("the folder is ours");
            file.write_all(script(number).as_bytes()).expect("the folder is ours");
            edited.write("lib/half.rhai", &module(number));
            drop(file);
        }
        _ => {
            let mut file = File::create(edited.root.join("lib/half.rhai")).expect("the folder is ours");
            file.write_all(b"// Half of it.\n").expect("the folder is ours");
            let new = edited.root.join(".new");
            fs::write(&new, script(number)).expect("the folder is ours");
            fs::rename(&new, edited.script()).expect("the folder is ours");
            file.write_all(module(number).as_bytes()).expect("the folder is ours");
            drop(file);
        }
    }
}

/// How many events each set has mapped, as far as they have arrived.
#[derive(Default)]
struct Seen {
    by_set: BTreeMap<u64, usize>,
    mixed: Vec<String>,
    looked_up: Vec<(String, u64)>,
    count: usize,
}

impl Seen {
    fn take(&mut self, envelope: &Value) {
        let number = |half: &str| envelope["parameters"][half].as_u64().expect("a set has a number");
        let set = number("script");
        if set != number("lib") {
            self.mixed.push(envelope.to_string());
        }
        *self.by_set.entry(set).or_default() += 1;
        if self.count.is_multiple_of(LOOKED_UP_EVERY) {
            self.looked_up.push((envelope["event"]["id"].as_str().expect("an id").to_owned(), set));
        }
        self.count += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_mapped_by_one_set_and_none_is_lost_or_doubled() {
    let reloads = kit::number("DOORMAN_RELOADS", RELOADS);
    let sink = Sink::start().await;
    let setup = builder(&sink).build();
    fs::remove_dir_all(setup.path("scripts")).unwrap();
    write_set(&setup.path("set-0"), 0);
    symlink("set-0", setup.path("scripts")).unwrap();
    let edited = Edited::over(Doorman::start(setup).await);
    let load = Load::start(&edited.doorman, Volume { connections: 4, padding_bytes: 0 });
    let (mut arrived, mut seen, mut generations) = (Arrived::default(), Seen::default(), BTreeMap::new());
    generations.insert(0, generation(&edited).await);
    for number in 1..=reloads {
        if number.is_multiple_of(BROKEN_EVERY) {
            edited.write("demo.rhai", BROKEN);
            edited.refusal().await;
        }
        change(&edited, number);
        let taken = async || (edited.reloads("ok").await >= u64::from(number)).then_some(());
        edited.doorman.wait_until(&format!("set {number} is in force"), taken).await;
        generations.insert(u64::from(number), generation(&edited).await);
        arrived.take_each_from(&sink, |envelope| seen.take(envelope));
    }
    let counts = [edited.reloads("ok").await, edited.reloads("refused").await];
    let answered = load.stop().await;
    kit::drain(&edited.doorman, &sink).await.unwrap_or_else(|why| panic!("{why}"));
    arrived.take_each_from(&sink, |envelope| seen.take(envelope));
    let report = audit::audit(&edited.doorman, &answered, arrived).await;
    let [taken, refused] = counts;
    println!(
        "{taken} reloads and {refused} refused sets under load: {}; mapped by {} sets",
        report.figures,
        seen.by_set.len()
    );
    println!("{}", edited.doorman.status().await["events"]);
    report.findings.expect_none();
    assert!(seen.mixed.is_empty(), "{} events were mapped by two sets: {}", seen.mixed.len(), seen.mixed[0]);
    assert_eq!(counts, [u64::from(reloads), u64::from(reloads / BROKEN_EVERY)]);
    assert!(seen.by_set.len() > reloads as usize / 2, "there was no load: {:?}", seen.by_set);
    the_log_names_each_set(&edited, &seen, &generations).await;
}

async fn generation(edited: &Edited) -> Value {
    edited.standing().await["generation"].clone()
}

/// Each event's record says which generation, script and line mapped it.
async fn the_log_names_each_set(edited: &Edited, seen: &Seen, generations: &BTreeMap<u64, Value>) {
    for (id, set) in &seen.looked_up {
        let event = edited.doorman.event(id).await;
        assert_eq!(event["plan"]["generation"], generations[set], "{event}");
        assert_eq!((&event["plan"]["script"], &event["plan"]["line"]), (&"demo.rhai".into(), &3.into()));
    }
}
