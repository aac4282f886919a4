run "apply" {
  assert {
    condition     = aws_route53_record.apex.type == "A" && aws_route53_record.apex.alias[0].name == "mock.eu-west-1.elb.amazonaws.com"
    error_message = "the name of the zone is an alias"
  }

  assert {
    condition     = aws_route53_record.other_address_apex.records == toset(["192.0.2.10"]) && aws_route53_record.other_address_apex.type == "A"
    error_message = "an address stands beside aliases"
  }

  assert {
    condition = [
      aws_route53_record.other_application_apex.alias[0].zone_id,
      aws_route53_record.other_network_apex.alias[0].zone_id,
      aws_route53_record.other_distribution_apex.alias[0].zone_id,
      aws_route53_record.other_record_apex.alias[0].zone_id,
    ] == ["Z9876543210", "Z9876543210", "Z2FDTNDATAQYW2", "Z0123456789"]
    error_message = "each alias names the hosted zone of its target"
  }

  assert {
    condition     = data.aws_lb_hosted_zone_id.other_network.region == "us-east-1" && data.aws_lb_hosted_zone_id.other_network.load_balancer_type == "network"
    error_message = "region and type stand in the name of a load balancer"
  }

  assert {
    condition     = keys(aws_route53_record.app) == ["www.example.com"] && keys(aws_route53_record.other_record) == ["www.example.com"]
    error_message = "the other name is shared, too"
  }
}
