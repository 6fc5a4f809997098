output "prefix" {
  description = "What CLIENTELE_IMAGE_PREFIX is set to: the images' names before /ingest."
  value       = google_artifact_registry_repository.this.registry_uri
}
