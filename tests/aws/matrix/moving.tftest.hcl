run "apply" {
  assert {
    condition     = length(aws_nat_gateway.main) == 1 && length(distinct([for route in aws_route.private : route.nat_gateway_id])) == 1
    error_message = "one way out for both zones"
  }

  assert {
    condition     = alltrue([for record in aws_route53_record.app : record.type == "CNAME" && record.weighted_routing_policy[0].weight == 10])
    error_message = "a tenth of the traffic comes here"
  }

  assert {
    condition     = alltrue([for record in aws_route53_record.other_heroku : record.type == "CNAME" && record.weighted_routing_policy[0].weight == 90 && record.records == toset(["shop-old.example.net"])])
    error_message = "the rest goes where it went"
  }

  assert {
    condition     = !aws_lb.external.enable_deletion_protection && aws_s3_bucket.logs.force_destroy
    error_message = "all can be destroyed"
  }
}
