# The bucket of the state is made by hand, before anything else (docs/deploy.md), and named to `terraform init -backend-config=bucket=…`.
terraform {
  backend "gcs" {
    prefix = "clientele"
  }
}
