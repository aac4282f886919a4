run "apply" {
  assert {
    condition     = local.client_target_groups == [] && output.load_balancers == {} && output.urls == []
    error_message = "nobody calls a worker"
  }

  assert {
    condition     = keys(aws_subnet.public) == ["ap-northeast-1a", "ap-northeast-1c"]
    error_message = "the zones of the descriptor"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.snapshots.rule[0].expiration[0].days == 1
    error_message = "four snapshots, one every six hours, are those of a day"
  }
}
