//! Content type and metadata of objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use essbasic::object_store::local::LocalFileSystem;
use essbasic::object_store::path::Path;
use essbasic::object_store::{Attribute, ObjectStore, ObjectStoreExt};
use essbasic::{DownloadOptions, Error};
use sha2::{Digest, Sha256};

use super::service::Service;
use super::store::{ConditionSupport, ScriptedStore};
use super::{BLOCKING, LONG, PART, expected, memory, objects, to};

const FILES: [(&str, usize); 3] = [("short", 1000), ("part", PART), ("long", LONG)];

fn attributes(store: &Arc<dyn ObjectStore>, flow: &str) -> BTreeMap<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = Path::parse(format!("a/b/合同-{flow}.pdf")).unwrap();
    let found = runtime.block_on(store.get(&key)).unwrap();
    let named = found.attributes.iter().map(|(name, value)| {
        let name = match name {
            Attribute::ContentType => "type".to_owned(),
            Attribute::Metadata(name) => name.to_string(),
            other => format!("{other:?}"),
        };
        (name, value.to_string())
    });
    named.collect()
}

#[test]
fn objects_have_a_content_type_and_on_request_metadata() {
    for blocking in BLOCKING {
        for with_metadata in [false, true] {
            for condition in [
                ConditionSupport::Supported,
                ConditionSupport::Ignored,
                ConditionSupport::NotImplemented,
                ConditionSupport::BadRequest,
            ] {
                let service = Service::of(&FILES);
                let (inner, home) = (memory(), tempfile::tempdir().unwrap());
                let store = ScriptedStore::with(Arc::clone(&inner), condition);
                let mut options = to(&store, &home);
                if with_metadata {
                    options = options.with_object_metadata();
                }
                // The second run replaces the objects.
                for run in 0..2 {
                    let report = service.archive(blocking, &options).unwrap();
                    assert_eq!((report.saved, report.already), [(3, 0), (0, 3)][run]);
                    for (flow, length) in FILES {
                        let mut wanted = BTreeMap::new();
                        wanted.insert("type".to_owned(), "application/pdf".to_owned());
                        if with_metadata {
                            wanted.insert("flowid".to_owned(), flow.to_owned());
                        }
                        if with_metadata && length <= PART {
                            let hash = Sha256::digest(service.file(flow));
                            let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                            wanted.insert("sha256".to_owned(), hash);
                        }
                        assert_eq!(attributes(&inner, flow), wanted, "{condition:?} {flow}");
                    }
                }
            }
        }
    }
}

/// A store on disk supports no attributes.
#[test]
fn a_store_without_attributes_gets_objects_without_them() {
    for blocking in BLOCKING {
        for condition in [ConditionSupport::Supported, ConditionSupport::NotImplemented] {
            // The first file is sent in one request, or in parts.
            for files in [[("a", 1000), ("b", LONG)], [("a", LONG), ("b", 1000)]] {
                let service = Service::of(&files);
                let home = tempfile::tempdir().unwrap();
                let bucket = home.path().join("bucket");
                std::fs::create_dir(&bucket).unwrap();
                let inner: Arc<dyn ObjectStore> =
                    Arc::new(LocalFileSystem::new_with_prefix(&bucket).unwrap());
                let store = ScriptedStore::with(Arc::clone(&inner), condition);
                let options = to(&store, &home).with_concurrency(1);
                assert_eq!(service.archive(blocking, &options).unwrap().saved, 2);
                assert_eq!(objects(&inner), expected(&service, &["a", "b"]));

                let options = DownloadOptions::to_store(store, "c").with_part_bytes(PART);
                let error = service.download(blocking, &options.with_object_metadata());
                let error = error.unwrap_err();
                assert!(matches!(error, Error::Destination { .. }), "{error}");
                assert!(error.hint().unwrap().contains("metadata"), "{error}");
                assert!(!bucket.join("c").exists());
            }
        }
    }
}
