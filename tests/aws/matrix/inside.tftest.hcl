run "apply" {
  assert {
    condition     = local.prefix == "warehouse-bookkee-899a" && length(aws_lb.internal.name) <= 32
    error_message = "a long name is cut"
  }

  assert {
    condition     = aws_lb.internal.internal && aws_lb_listener.internal_http.default_action[0].type == "forward"
    error_message = "without a certificate it is reached by HTTP, from inside"
  }

  assert {
    condition     = aws_route53_record.internal["books.factory.lan"].zone_id == aws_route53_zone.internal["books.factory.lan"].zone_id
    error_message = "the name resolves inside"
  }
}
