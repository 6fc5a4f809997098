# Made by tools/terraform.sh docs, from dags/clientele/contract.json.
locals {
  limits = {
    ingest     = { seconds = 7200, bytes = 2147483648 }
    preprocess = { seconds = 7200, bytes = 4294967296 }
    drift      = { seconds = 3600, bytes = 2147483648 }
    train      = { seconds = 14400, bytes = 4294967296 }
    evaluate   = { seconds = 3600, bytes = 2147483648 }
    promote    = { seconds = 1800, bytes = 1073741824 }
    score      = { seconds = 3600, bytes = 2147483648 }
    explore    = { seconds = 3600, bytes = 2147483648 }
    recommend  = { seconds = 3600, bytes = 4294967296 }
    predict    = { seconds = 1800, bytes = 2147483648 }
    measure    = { seconds = 1800, bytes = 2147483648 }
    audience   = { seconds = 1800, bytes = 2147483648 }
    publish    = { seconds = 3600, bytes = 2147483648 }
    report     = { seconds = 1800, bytes = 2147483648 }
  }
}
