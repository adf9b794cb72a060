//! Hand-written loops over ureq and reqwest.

use std::fs;
use std::sync::{Arc, Mutex, mpsc};

use essbasic_models::DescribeResourceUrlsByFlowsResponse;
use tc3_client::{Client, blocking};
use tokio::task::{JoinSet, spawn_blocking};

use super::{Durability, Job, request};
use crate::competitors::{reqwest, ureq};
use crate::measure::Meter;

/// Name and URL of a file.
type Link = (String, String);

/// Maximum number of links that wait to be fetched: those of two calls.
const MAX_WAITING: usize = 2 * crate::FLOWS;

/// Fetches files on threads; this thread requests links ahead of them.
pub(super) fn blocking(job: &Job, durability: Durability) {
    let client = blocking::Client::new(job.config()).unwrap();
    fs::create_dir_all(&job.folder).unwrap();
    let agent = ureq::agent(job.concurrency);
    let meter = Meter::start(None);
    let (sender, links) = mpsc::sync_channel::<Link>(MAX_WAITING);
    let links = Arc::new(Mutex::new(links));
    let work = |links: Arc<Mutex<mpsc::Receiver<Link>>>| {
        let next = || links.lock().unwrap().recv().ok();
        let mut saved = 0;
        while let Some((name, url)) = next() {
            let pdf = agent.get(url).call().unwrap().body_mut().read_to_vec().unwrap();
            durability.write(&job.folder, &name, &pdf).unwrap();
            saved += 1;
        }
        saved
    };
    let saved: u64 = std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| work(Arc::clone(&links)));
        let workers: Vec<_> = (0..job.concurrency).map(start).collect();
        let mut ids = job.ids();
        while let Some(request) = request(&mut ids) {
            for link in links_of(client.call(&request).unwrap()) {
                sender.send(link).unwrap();
            }
        }
        drop(sender);
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    meter.print(saved);
}

/// Fetches files by tasks on one thread; the runtime's blocking threads write them.
pub(super) fn asynchronous(job: &Job, durability: Durability) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(job.config()).unwrap();
        fs::create_dir_all(&job.folder).unwrap();
        let files = reqwest::client();
        let meter = Meter::start(None);
        let (sender, links) = tokio::sync::mpsc::channel::<Link>(MAX_WAITING);
        let links = Arc::new(tokio::sync::Mutex::new(links));
        let mut workers = JoinSet::new();
        for _ in 0..job.concurrency {
            let (links, files, folder) = (Arc::clone(&links), files.clone(), job.folder.clone());
            workers.spawn(async move {
                let mut saved = 0;
                loop {
                    let link = links.lock().await.recv().await;
                    let Some((name, url)) = link else { return saved };
                    let response = files.get(url).send().await.unwrap().error_for_status().unwrap();
                    let (pdf, folder) = (response.bytes().await.unwrap(), folder.clone());
                    let written = spawn_blocking(move || durability.write(&folder, &name, &pdf));
                    written.await.unwrap().unwrap();
                    saved += 1;
                }
            });
        }
        let mut ids = job.ids();
        while let Some(request) = request(&mut ids) {
            for link in links_of(client.call(&request).await.unwrap()) {
                sender.send(link).await.unwrap();
            }
        }
        drop(sender);
        meter.print(workers.join_all().await.into_iter().sum());
    });
}

fn links_of(response: DescribeResourceUrlsByFlowsResponse) -> impl Iterator<Item = Link> {
    response.flow_resource_url_infos.into_iter().flat_map(|flow| {
        let first = flow.resource_url_infos.into_iter().next();
        first.map(|resource| (format!("{}.pdf", flow.flow_id), resource.url))
    })
}
